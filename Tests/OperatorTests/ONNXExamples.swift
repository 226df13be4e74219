import TestSupport

/// A use of every ONNX operator that is no function of one image.
enum ONNXExamples {
  typealias Example = OperatorExample
  private static let image = OperatorExample.image
  private static let row = OperatorExample.Operand.input([1, 6])
  private static let line = OperatorExample.Operand.input([1, 4, 6])
  private static let axes = Example([.input(image), .integers([2, 3])])

  /// By `op_type`.
  static let standard: [String: OperatorExample] = [
    "Add": .two,
    "And": .logic,
    "ArgMax": Example([row], [.init(nil, .integer)], ["axis": .int(1)]),
    "ArgMin": Example([row], [.init(nil, .integer)], ["axis": .int(1)]),
    "AveragePool": Example([.input(image)], [.init()], ["kernel_shape": .ints([2, 2])]),
    "BatchNormalization": Example([
      .input(image), .reals([4], [1, 2, 0.5, 1]), .reals([4]), .reals([4]), .reals([4], [1]),
    ]),
    "Cast": Example([.input(image, .integer)], [.init()], ["to": .int(1)]),
    "CastLike": Example([.input(image, .integer), .reals([1])]),
    "Clip": Example([.input(image), .reals([], [-0.5]), .reals([], [0.5])]),
    "Concat": Example([.input(image), .input(image)], [.init()], ["axis": .int(1)]),
    "Constant": Example([], [.init()], ["value_floats": .floats([1, 2])]),
    "ConstantOfShape": Example([.integers([1, 2])], [.init()], ["value": .tensor(3)]),
    "Conv": Example([.input(image), .weights([4, 4, 3, 3]), .bias([4])]),
    "ConvTranspose": Example([.input(image), .weights([4, 4, 2, 2]), .bias([4])]),
    "CumSum": Example([row, .integer(1)]),
    "DepthToSpace": Example([.input(image)], [.init()], ["blocksize": .int(2)]),
    "Div": Example([.input(image), .input(image)], isPositive: true),
    "DynamicQuantizeLinear": Example(onnx: {
      var model = ONNXSample()
      model.input("x0", image.map(String.init))
      model.node("DynamicQuantizeLinear", ["x0"], ["q", "s", "z"])
      model.node("DequantizeLinear", ["q", "s", "z"], ["y0"])
      model.output("y0")
      return model
    }),
    "Equal": .comparison,
    "Expand": Example([.input([1, 4, 1, 1]), .integers([1, 4, 4, 4])]),
    "EyeLike": Example([.positions([2, 2], [1, 2, 3, 4])], [.init()], ["dtype": .int(1)]),
    "GRU": Example(
      [.input([3, 1, 4]), .weights([1, 12, 4]), .weights([1, 12, 4]), .bias([1, 24])], [.init()],
      ["hidden_size": .int(4)]),
    "Gather": Example([.input(image), .integers([2, 0])], [.init()], ["axis": .int(1)]),
    "GatherElements": Example(
      [row, .positions([1, 3], [5, 0, 2])], [.init()], ["axis": .int(1)]),
    "GatherND": Example([row, .positions([1, 2], [0, 3])]),
    "Gemm": Example([row, .weights([6, 4]), .bias([4])]),
    "Greater": .comparison,
    "GreaterOrEqual": .comparison,
    "GridSample": Example([.input(image), .reals([1, 4, 4, 2])]),
    "GroupNormalization": Example(
      [.input(image), .reals([4], [1, 2]), .reals([4])], [.init()], ["num_groups": .int(2)]),
    "If": Example(onnx: {
      var (then, other) = (ONNXSample(), ONNXSample())
      then.node("Relu", ["x0"], ["t"])
      then.output("t")
      other.node("Abs", ["x0"], ["e"])
      other.output("e")
      return model(
        "If", [("c", [], 9, [1])], ["then_branch": .graph(then), "else_branch": .graph(other)])
    }),
    "InstanceNormalization": Example([.input(image), .reals([4], [1, 2]), .reals([4])]),
    "LRN": Example([.input(image)], [.init()], ["size": .int(3)]),
    "LSTM": Example(
      [.input([3, 1, 4]), .weights([1, 16, 4]), .weights([1, 16, 4]), .bias([1, 32])], [.init()],
      ["hidden_size": .int(4)]),
    "LayerNormalization": Example([line, .reals([6], [1, 2]), .reals([6])]),
    "Less": .comparison,
    "LessOrEqual": .comparison,
    "Log": .positive,
    "MatMul": Example([line, .weights([6, 4])]),
    "Max": .two,
    "MaxPool": Example([.input(image)], [.init()], ["kernel_shape": .ints([2, 2])]),
    "Mean": .two,
    "Min": .two,
    "Mod": Example([.input(image), .input(image)], [.init()], ["fmod": .int(1)], isPositive: true),
    "Mul": .two,
    "NonZero": Example([.integers([0, 1, 2])], [.init([1, 2], .integer)]),
    "Not": Example([.input(image, .truth)], [.init(nil, .truth)]),
    "OneHot": Example([.integers([1, 0]), .integer(3), .reals([2], [0, 1])]),
    "Or": .logic,
    "PRelu": Example([.input(image), .reals([4, 1, 1])]),
    "Pad": Example([.input(image), .integers([0, 0, 1, 1, 0, 0, 1, 1])]),
    "Pow": Example([.input(image), .reals([], [2])]),
    "RNN": Example(
      [.input([3, 1, 4]), .weights([1, 4, 4]), .weights([1, 4, 4]), .bias([1, 8])], [.init()],
      ["hidden_size": .int(4)]),
    "Range": Example([.integer(0), .integer(4), .integer(1)], [.init(nil, .integer)]),
    "Reciprocal": .positive,
    "ReduceL1": axes,
    "ReduceL2": axes,
    "ReduceLogSum": Example([.input(image), .integers([2, 3])], isPositive: true),
    "ReduceLogSumExp": axes,
    "ReduceMax": axes,
    "ReduceMean": axes,
    "ReduceMin": axes,
    "ReduceProd": axes,
    "ReduceSum": axes,
    "ReduceSumSquare": axes,
    "Reshape": Example([.input(image), .integers([1, 64])]),
    "Resize": behindConvolution("Resize", ["c", "", "scales"], ["mode": .string("linear")]),
    "ReverseSequence": Example(
      [.input([1, 4, 6]), .integers([3])], [.init()],
      ["batch_axis": .int(0), "time_axis": .int(1)]),
    "ScatterElements": Example(
      [row, .positions([1, 2], [5, 0]), .input([1, 2])], [.init()], ["axis": .int(1)]),
    "ScatterND": Example([.input([6, 2]), .positions([1, 1], [3]), .input([1, 2])]),
    "Shape": Example([.input(image)], [.init([4], .integer)]),
    "Size": Example([.input(image)], [.init([], .integer)]),
    "Slice": Example([.input(image), .integers([1]), .integers([3]), .integers([2])]),
    "SpaceToDepth": Example([.input(image)], [.init()], ["blocksize": .int(2)]),
    "Split": Example(
      [.input(image)], [.init(), .init()], ["axis": .int(1), "num_outputs": .int(2)]),
    "Sqrt": .positive,
    "Squeeze": Example([.input(image), .integers([0])]),
    "Sub": .two,
    "Sum": .two,
    "Tile": Example([.input(image), .integers([1, 2, 1, 1])]),
    "TopK": Example([row, .integers([2])], [.init(), .init(nil, .integer)]),
    "Transpose": Example([.input(image)], [.init()], ["perm": .ints([0, 2, 3, 1])]),
    "Unsqueeze": Example([.input(image), .integers([1])]),
    "Upsample": behindConvolution("Upsample", ["c", "scales"], [:], opset: 9),
    "Where": Example([.input(image, .truth), .input(image), .input(image)]),
    "Xor": .logic,
    "ConvInteger": integers("ConvInteger", [1, 4, 4, 4], [4, 4, 3, 3]),
    "MatMulInteger": integers("MatMulInteger", [1, 6], [6, 4]),
    "DequantizeLinear": quantized("Relu", 1, domain: nil),
    "QuantizeLinear": quantized("Relu", 1, domain: nil),
    "QLinearConv": quantizedLayer("QLinearConv", image, [4, 4, 3, 3]),
    "QLinearMatMul": quantizedLayer("QLinearMatMul", [1, 6], [6, 4]),
  ]

  /// Of the domain `ai.onnx.ml`.
  static let classical: [String: OperatorExample] = [
    "ArrayFeatureExtractor": Example(onnx: {
      var model = ONNXSample()
      model.input("x0", ["1", "6"])
      model.constant("table", integers: [7, 8, 9, 10, 11, 12])
      model.node("ArgMax", ["x0"], ["best"], ["axis": .int(1)])
      model.node("ArrayFeatureExtractor", ["table", "best"], ["y0"], domain: "ai.onnx.ml")
      model.output("y0")
      return model
    }),
    "Binarizer": Example([row], [.init()], ["threshold": .float(0.25)]),
    "FeatureVectorizer": Example([row, row], [.init()], ["inputdimensions": .ints([6, 6])]),
    "Imputer": Example([row], [.init()], ["imputed_value_floats": .floats([0.5])]),
    "LabelEncoder": Example(onnx: {
      var model = classifier()
      model.node(
        "LabelEncoder", ["class"], ["y0"],
        ["keys_int64s": .ints([0, 1]), "values_strings": .strings(["a", "b"])],
        domain: "ai.onnx.ml")
      model.output("y0")
      return model
    }),
    "LinearClassifier": Example(onnx: {
      var model = classifier()
      model.output("class")
      return model
    }),
    "LinearRegressor": Example(
      [row], [.init()],
      ["coefficients": .floats([1, 2, 3, -1, -2, -3]), "intercepts": .floats([0.5])]),
    "Normalizer": Example([row], [.init()], ["norm": .string("L2")]),
    "SVMClassifier": Example(
      [row], [.init(nil, .integer), .init()],
      [
        "classlabels_ints": .ints([0, 1]), "coefficients": .floats([1, -1]), "rho": .floats([0.5]),
        "kernel_params": .floats([0.5, 0, 0]), "kernel_type": .string("RBF"),
        "support_vectors": .floats([1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
        "vectors_per_class": .ints([1, 1]),
      ]),
    "SVMRegressor": Example(
      [row], [.init()],
      [
        "coefficients": .floats([1, -1]), "kernel_params": .floats([0.5, 0, 0]),
        "kernel_type": .string("RBF"), "n_supports": .int(2), "rho": .floats([0.5]),
        "support_vectors": .floats([1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
      ]),
    "Scaler": Example([row], [.init()], ["offset": .floats([0.5]), "scale": .floats([2])]),
    "TreeEnsemble": Example(
      [row], [.init()],
      [
        "n_targets": .int(1), "tree_roots": .ints([0]), "nodes_modes": .byteTensor([0]),
        "nodes_featureids": .ints([2]), "nodes_splits": .floatTensor([0.25]),
        "nodes_truenodeids": .ints([0]), "nodes_trueleafs": .ints([1]),
        "nodes_falsenodeids": .ints([1]), "nodes_falseleafs": .ints([1]),
        "leaf_targetids": .ints([0, 0]), "leaf_weights": .floatTensor([0.25, 0.75]),
      ]),
    "TreeEnsembleClassifier": Example(
      [row], [.init(nil, .integer), .init()],
      tree("class").merging(["classlabels_int64s": .ints([0, 1])]) { $1 }),
    "TreeEnsembleRegressor": Example([row], [.init()], tree("target")),
    "ZipMap": Example(onnx: {
      var model = classifier()
      model.node(
        "ZipMap", ["scores"], ["y0"], ["classlabels_int64s": .ints([0, 1])], domain: "ai.onnx.ml")
      model.output("y0")
      return model
    }),
  ]

  /// Of onnxruntime's own domain.
  static let microsoft: [String: OperatorExample] = [
    "DequantizeLinear": quantized("Relu", 1, domain: nil, parameters: "com.microsoft"),
    "QuantizeLinear": quantized("Relu", 1, domain: nil, parameters: "com.microsoft"),
    "QGemm": Example(onnx: {
      quantizedModel("QGemm", [1, 6], ["q0", "s", "z", "w", "ws", "wz", "b", "s", "z"]) {
        $0.constant("w", [6, 4], type: 3, raw: (0..<24).map { UInt8($0) })
        $0.constant("b", [4], type: 6, raw: [UInt8](repeating: 0, count: 16))
      }
    }),
    "QLinearAdd": quantized("QLinearAdd", 2),
    "QLinearAveragePool": quantized(
      "QLinearAveragePool", 1, attributes: ["kernel_shape": .ints([2, 2])]),
    "QLinearConcat": Example(onnx: {
      quantizedModel(
        "QLinearConcat", image, ["s", "z", "q0", "s", "z", "q0", "s", "z"], ["axis": .int(1)])
    }),
    "QLinearGlobalAveragePool": quantized("QLinearGlobalAveragePool", 1),
    "QLinearLeakyRelu": quantized("QLinearLeakyRelu", 1),
    "QLinearMul": quantized("QLinearMul", 2),
    "QLinearReduceMean": quantized(
      "QLinearReduceMean", 1, attributes: ["axes": .ints([2, 3])]),
    "QLinearSigmoid": quantized("QLinearSigmoid", 1),
    "QLinearSoftmax": quantized("QLinearSoftmax", 1, attributes: ["axis": .int(3)]),
  ]

  // MARK: Models

  /// A node over `x0` and constants of raw bytes.
  private static func model(
    _ type: String, _ constants: [(String, [Int], Int, [UInt8])],
    _ attributes: [String: ONNXSample.Attribute]
  ) -> ONNXSample {
    var model = ONNXSample()
    model.input("x0", image.map(String.init))
    for (name, shape, type, raw) in constants {
      model.constant(name, shape, type: type, raw: raw)
    }
    model.node(type, constants.map(\.0), ["y0"], attributes)
    model.output("y0")
    return model
  }

  /// An operator on images as models have it: behind a convolution, which fixes where channels are.
  private static func behindConvolution(
    _ type: String, _ operands: [String], _ attributes: [String: ONNXSample.Attribute],
    opset: Int = 21
  ) -> OperatorExample {
    Example(onnx: {
      var model = ONNXSample()
      model.opset = opset
      model.input("x0", image.map(String.init))
      model.constant("w", [4, 4, 1, 1], floats: OperatorExample.weights(16))
      model.constant("scales", [4], floats: [1, 1, 2, 2])
      model.node("Conv", ["x0", "w"], ["c"])
      model.node(type, operands, ["y0"], attributes)
      model.output("y0")
      return model
    })
  }

  private static func classifier() -> ONNXSample {
    var model = ONNXSample()
    model.input("x0", ["1", "6"])
    model.node(
      "LinearClassifier", ["x0"], ["class", "scores"],
      [
        "coefficients": .floats([1, 2, 3, -1, -2, -3]), "intercepts": .floats([0.5]),
        "classlabels_ints": .ints([0, 1]), "post_transform": .string("LOGISTIC"),
      ], domain: "ai.onnx.ml")
    return model
  }

  private static func tree(_ prefix: String) -> [String: ONNXSample.Attribute] {
    [
      "nodes_modes": .strings(["BRANCH_LEQ", "LEAF", "LEAF"]),
      "nodes_featureids": .ints([2, 0, 0]),
      "nodes_values": .floats([0.25, 0, 0]), "nodes_truenodeids": .ints([1, 0, 0]),
      "nodes_falsenodeids": .ints([2, 0, 0]), "nodes_treeids": .ints([0, 0, 0]),
      "nodes_nodeids": .ints([0, 1, 2]), "\(prefix)_treeids": .ints([0, 0]),
      "\(prefix)_nodeids": .ints([1, 2]), "\(prefix)_ids": .ints([0, 0]),
      "\(prefix)_weights": .floats([0.25, 0.75]),
    ]
  }

  /// An input, quantised to `q0`, the node, and its result `r` made real again: scale s, zero point z
  /// of activations, ws and wz of weights.
  private static func quantizedModel(
    _ type: String, _ shape: [Int], _ operands: [String],
    _ attributes: [String: ONNXSample.Attribute] = [:], domain: String? = "com.microsoft",
    parameters: String = "", constants: (inout ONNXSample) -> Void = { _ in }
  ) -> ONNXSample {
    var model = ONNXSample()
    model.input("x0", shape.map(String.init))
    model.constant("s", [], floats: [1.0 / 64])
    model.constant("z", [], type: 3, raw: [0])
    model.constant("ws", [], floats: [1.0 / 64])
    model.constant("wz", [], type: 3, raw: [0])
    constants(&model)
    model.node("QuantizeLinear", ["x0", "s", "z"], ["q0"], domain: parameters)
    if let domain {
      model.node(type, operands, ["r"], attributes, domain: domain)
    } else {
      model.node("DequantizeLinear", ["q0", "s", "z"], ["d"], domain: parameters)
      model.node(type, ["d"], ["f"], attributes)
      model.node("QuantizeLinear", ["f", "s", "z"], ["r"], domain: parameters)
    }
    model.node("DequantizeLinear", ["r", "s", "z"], ["y0"], domain: parameters)
    model.output("y0")
    return model
  }

  /// A function of `count` quantised tensors.
  private static func quantized(
    _ type: String, _ count: Int, domain: String? = "com.microsoft", parameters: String = "",
    attributes: [String: ONNXSample.Attribute] = [:]
  ) -> OperatorExample {
    Example(onnx: {
      quantizedModel(
        type, image, Array(repeating: ["q0", "s", "z"], count: count).flatMap { $0 } + ["s", "z"],
        attributes, domain: domain, parameters: parameters)
    })
  }

  /// A layer of integers with a scale of its result.
  private static func quantizedLayer(
    _ type: String, _ shape: [Int], _ weights: [Int]
  ) -> OperatorExample {
    Example(onnx: {
      quantizedModel(
        type, shape, ["q0", "s", "z", "w", "ws", "wz", "s", "z"], domain: ""
      ) {
        $0.constant(
          "w", weights, type: 3, raw: (0..<weights.reduce(1, *)).map { UInt8($0 % 19) })
      }
    })
  }

  /// A layer of integers whose result is int32, made real by a product.
  private static func integers(
    _ type: String, _ shape: [Int], _ weights: [Int]
  ) -> OperatorExample {
    Example(onnx: {
      var model = ONNXSample()
      model.input("x0", shape.map(String.init))
      model.constant("s", [], floats: [1.0 / 64])
      model.constant("z", [], type: 3, raw: [0])
      model.constant(
        "w", weights, type: 3, raw: (0..<weights.reduce(1, *)).map { UInt8($0 % 19) })
      model.node("QuantizeLinear", ["x0", "s", "z"], ["q0"])
      model.node(type, ["q0", "w", "z"], ["i"])
      model.node("Cast", ["i"], ["f"], ["to": .int(1)])
      model.node("Mul", ["f", "s"], ["y0"])
      model.output("y0")
      return model
    })
  }
}
