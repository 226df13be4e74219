import TestSupport

/// ONNX models made to harm.
enum HostileONNX {
  /// A model of an input x [1, 4] and what the body adds; `y` is its output.
  static func model(
    opset: Int = 17, shape: [String] = ["1", "4"], _ body: (inout ONNXSample) -> Void
  ) -> [UInt8] {
    var sample = ONNXSample()
    sample.opset = opset
    sample.input("x", shape)
    body(&sample)
    sample.output("y")
    return sample.bytes
  }

  /// A tensor whose fields the body writes.
  static func tensor(
    _ sample: inout ONNXSample, _ name: String, _ body: (inout ProtobufWriter) -> Void
  ) {
    sample.fields { graph in
      graph.message(5) { tensor in
        body(&tensor)
        tensor.string(8, name)
      }
    }
  }

  /// x + c, where the body writes c.
  private static func added(_ body: (inout ProtobufWriter) -> Void) -> [UInt8] {
    model { sample in
      tensor(&sample, "c", body)
      sample.node("Add", ["x", "c"], ["y"])
    }
  }

  /// One node of x and constants.
  private static func node(
    _ type: String, opset: Int = 17, _ constants: [[Int]],
    _ attributes: [String: ONNXSample.Attribute] = [:]
  ) -> [UInt8] {
    model(opset: opset) { sample in
      for (index, list) in constants.enumerated() { sample.constant("c\(index)", integers: list) }
      sample.node(
        type, ["x"] + constants.indices.map { "c\($0)" }, ["y"], attributes, name: "bad")
    }
  }

  // MARK: The graph

  static let graphs: [HostileModel] = [
    HostileModel("no bytes", says: "empty", bytes: []),
    HostileModel("eight bytes", says: "protobuf", bytes: [UInt8](repeating: 0xFF, count: 8)),
    HostileModel("eight zeros", says: "protobuf", bytes: [UInt8](repeating: 0, count: 8)),
    HostileModel(
      "no graph", says: "no graph",
      bytes: {
        var model = ProtobufWriter()
        model.integer(1, 8)
        return model.bytes
      }()),
    HostileModel(
      "a cycle of two nodes", says: "b1", "is not defined before",
      bytes: model {
        $0.node("Add", ["x", "b1"], ["a1"])
        $0.node("Relu", ["a1"], ["b1"])
        $0.node("Relu", ["b1"], ["y"])
      }),
    HostileModel(
      "a node that reads itself", says: "y", "is not defined before",
      bytes: model { $0.node("Add", ["x", "y"], ["y"]) }),
    HostileModel(
      "two nodes of one result", says: "y", "defined twice",
      bytes: model {
        $0.node("Relu", ["x"], ["y"])
        $0.node("Abs", ["x"], ["y"])
      }),
    HostileModel(
      "one node with a result twice", says: "y", "defined twice",
      bytes: model { $0.node("Split", ["x"], ["y", "y"], ["axis": .int(1)]) }),
    HostileModel(
      "two initialisers of one name", says: "c", "defined twice",
      bytes: model {
        $0.constant("c", [1], floats: [1])
        $0.constant("c", [1], floats: [2])
        $0.node("Add", ["x", "c"], ["y"])
      }),
    HostileModel(
      "two inputs of one name", says: "x", "defined twice",
      bytes: model {
        $0.input("x", ["1", "4"])
        $0.node("Relu", ["x"], ["y"])
      }),
    HostileModel(
      "an output nothing computes", says: "nothing computes", "y",
      bytes: model { $0.node("Relu", ["x"], ["z"]) }),
    HostileModel(
      "a name that is no UTF-8", says: "UTF-8",
      bytes: model { sample in
        sample.fields { graph in
          graph.message(1) { node in
            node.data(1, [0xC3, 0x28])
            node.string(2, "y")
            node.string(4, "Relu")
          }
        }
      }),
    HostileModel(
      "a name of lines and escapes", says: "control character",
      bytes: model { $0.node("Relu", ["x"], ["y"], name: "a\n\u{1B}[2Jswiftlet: all is well") }),
    HostileModel(
      "a name of 5000 bytes", says: "4096",
      bytes: model { $0.node("Relu", ["x"], ["y"], name: String(repeating: "n", count: 5000)) }),
    HostileModel(
      "an operator with two thousand operands", says: "1024",
      bytes: model { $0.node("Sum", [String](repeating: "x", count: 2000), ["y"]) }),
    HostileModel(
      "eleven thousand nodes", says: "10000",
      bytes: model { sample in
        for index in 0..<11_000 { sample.node("Relu", ["x"], ["r\(index)"]) }
      }),
    HostileModel(
      "an unknown operator of an unknown domain", code: 12, says: "Evil", "com.evil",
      bytes: model { $0.node("Evil", ["x"], ["y"], domain: "com.evil") }),
    HostileModel(
      "an operator set of the future", code: 12, says: "opset 99",
      bytes: model(opset: 99) { $0.node("Relu", ["x"], ["y"]) }),
    HostileModel(
      "sparse weights", code: 12, says: "sparse_initializer",
      bytes: model { $0.fields { $0.message(15) { _ in } } }),
  ]

  // MARK: Nesting

  /// A thousand messages inside each other in field `number`, as a field of the graph.
  private static func nested(_ number: Int) -> [UInt8] {
    var inner = ProtobufWriter()
    for _ in 0..<1000 {
      var outer = ProtobufWriter()
      outer.data(number, inner.bytes)
      inner = outer
    }
    return inner.bytes
  }

  /// `If` in the branch of an `If` in the branch…
  private static func branches(_ depth: Int) -> [UInt8] {
    func branch(_ depth: Int) -> [UInt8] {
      var fields: [UInt8] = []
      for level in 0..<depth {
        var inner = ONNXSample()
        inner.constant("yes\(level)", integers: [1])
        if fields.isEmpty {
          inner.node("Relu", ["x"], ["out\(level)"])
        } else {
          var field = ProtobufWriter()
          field.data(6, fields)
          inner.node("If", ["yes\(level)"], ["out\(level)"], ["then_branch": .fields(field.bytes)])
        }
        inner.output("out\(level)")
        fields = inner.graphFields
      }
      return fields
    }
    return model { sample in
      sample.constant("yes", integers: [1])
      var field = ProtobufWriter()
      field.data(6, branch(depth))
      sample.node("If", ["yes"], ["y"], ["then_branch": .fields(field.bytes)], name: "outer")
    }
  }

  static let nesting: [HostileModel] = [
    HostileModel("branches a thousand deep", says: "deep", bytes: branches(1000)),
    HostileModel(
      "a loop", code: 12, says: "Loop",
      bytes: model { sample in
        var field = ProtobufWriter()
        field.data(6, nested(1))
        sample.node("Loop", ["", "", "x"], ["y"], ["body": .fields(field.bytes)])
      }),
    HostileModel(
      "a group", says: "wire type 3",
      bytes: model { sample in sample.fields { $0.append([UInt8](repeating: 0x0B, count: 1000)) } }),
    HostileModel(
      "a length beyond the file", says: "states",
      bytes: model { sample in
        sample.fields { $0.append([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]) }
      }),
    HostileModel(
      "a number of eleven bytes", says: "too long",
      bytes: model { sample in
        sample.fields { $0.append([0x08] + [UInt8](repeating: 0xFF, count: 11)) }
      }),
  ]

  // MARK: Tensors

  static let tensors: [HostileModel] = [
    HostileModel(
      "nine dimensions", says: "8 dimensions",
      bytes: added { tensor in
        tensor.integer(2, 1)
        for _ in 0..<9 { tensor.integer(1, 1) }
      }),
    HostileModel(
      "an input of nine dimensions", says: "x", "8 dimensions",
      bytes: model(shape: [String](repeating: "1", count: 9)) { $0.node("Relu", ["x"], ["y"]) }),
    HostileModel(
      "a dimension below zero", says: "c", "negative",
      bytes: added { tensor in
        tensor.integer(1, -4)
        tensor.integer(2, 1)
      }),
    HostileModel(
      "a product of dimensions beyond 2^63", says: "c", "268435456",
      bytes: added { tensor in
        for _ in 0..<8 { tensor.integer(1, 1 << 28) }
        tensor.integer(2, 1)
      }),
    HostileModel(
      "huge dimensions beside one of 0", says: "c", "268435456",
      bytes: added { tensor in
        tensor.integer(1, 0)
        for _ in 0..<7 { tensor.integer(1, 1 << 28) }
        tensor.integer(2, 1)
      }),
    HostileModel(
      "an input of 2^40 elements", says: "x", "268435456",
      bytes: model(shape: ["1", "1048576", "1048576"]) { $0.node("Relu", ["x"], ["y"]) }),
    HostileModel(
      "an input of 2^28 elements", says: "x", "134217728",
      bytes: model(shape: ["1", "16384", "16384"]) { $0.node("Relu", ["x"], ["y"]) }),
    HostileModel(
      "fewer elements than the shape asks for", says: "c", "holds 2 elements",
      bytes: added { tensor in
        tensor.integer(1, 4)
        tensor.integer(2, 1)
        tensor.float(4, 1)
        tensor.float(4, 1)
      }),
    HostileModel(
      "raw bytes that are no whole elements", says: "7 bytes",
      bytes: added { tensor in
        tensor.integer(1, 2)
        tensor.integer(2, 1)
        tensor.data(9, [UInt8](repeating: 0, count: 7))
      }),
    HostileModel(
      "a type that does not exist", code: 12, says: "data type 99",
      bytes: added { tensor in
        tensor.integer(1, 1)
        tensor.integer(2, 99)
      }),
    HostileModel(
      "strings", code: 12, says: "strings",
      bytes: added { tensor in
        tensor.integer(1, 1)
        tensor.integer(2, 8)
      }),
    HostileModel(
      "weights that are no number", says: "NaN",
      bytes: model {
        $0.constant("w", [4, 4], floats: [.nan] + [Float](repeating: 1, count: 15))
        $0.node("MatMul", ["x", "w"], ["y"])
      }),
    HostileModel(
      "infinite weights", says: "infinity",
      bytes: model {
        $0.constant("w", [4, 4], floats: [.infinity] + [Float](repeating: 1, count: 15))
        $0.node("MatMul", ["x", "w"], ["y"])
      }),
  ]

  /// Weights in another file: none is opened, wherever it lies.
  static let external: [HostileModel] = [
    ("an absolute path", "/etc/passwd", "0", "16"), ("a path upwards", "../../secret", "0", "16"),
    ("a symbolic link", "link.bin", "0", "16"), ("a file too short", "short.bin", "0", "1048576"),
    ("a huge offset", "weights.bin", "9223372036854775807", "16"),
    ("a negative length", "weights.bin", "0", "-1"),
  ].map { name, location, offset, length in
    HostileModel(
      "external data: \(name)", code: 12, says: "external data", "c", "inside one file",
      bytes: added { tensor in
        tensor.integer(1, 4)
        tensor.integer(2, 1)
        for (key, value) in [("location", location), ("offset", offset), ("length", length)] {
          tensor.message(13) { entry in
            entry.string(1, key)
            entry.string(2, value)
          }
        }
        tensor.integer(14, 1)
      })
  }

  // MARK: Quantisation

  private static func quantized(scale: [Float], zeroPoint: [UInt8], axis: Int = 1) -> [UInt8] {
    model { sample in
      sample.constant("s", scale.count == 1 ? [] : [scale.count], floats: scale)
      sample.constant(
        "z", zeroPoint.count == 1 ? [] : [zeroPoint.count], type: 3, raw: zeroPoint)
      sample.node("QuantizeLinear", ["x", "s", "z"], ["q"], ["axis": .int(axis)], name: "bad")
      sample.node("DequantizeLinear", ["q", "s", "z"], ["y"], ["axis": .int(axis)])
    }
  }

  static let scales: [HostileModel] =
    [Float.nan, .infinity, 0, -1].map { scale in
      HostileModel(
        "a scale of \(scale)", says: "scale", bytes: quantized(scale: [scale], zeroPoint: [0]))
    } + [
      HostileModel(
        "three scales for four channels", says: "bad",
        bytes: quantized(scale: [1, 1, 1], zeroPoint: [0, 0, 0])),
      HostileModel(
        "scales along an axis that does not exist", says: "axis 7",
        bytes: quantized(scale: [1, 1, 1, 1], zeroPoint: [0, 0, 0, 0], axis: 7)),
      HostileModel(
        "four scales and two zero points", says: "bad",
        bytes: quantized(scale: [1, 1, 1, 1], zeroPoint: [0, 0])),
    ]

  // MARK: Operators

  static let operators: [HostileModel] = [
    HostileModel("a missing operand", says: "bad", "operand 1", bytes: node("Add", [])),
    HostileModel(
      "operands of types that do not go together", says: "bad",
      bytes: node("Add", [[1, 2, 3, 4]])),
    HostileModel(
      "operands of shapes that do not go together", says: "bad",
      bytes: model {
        $0.constant("c", [3], floats: [1, 2, 3])
        $0.node("Add", ["x", "c"], ["y"], name: "bad")
      }),
    HostileModel(
      "an attribute of another type", says: "bad", "axis is not an integer",
      bytes: node("Softmax", [], ["axis": .string("1")])),
    HostileModel(
      "an axis out of range", says: "bad", "axis 9",
      bytes: node("Softmax", [], ["axis": .int(9)])),
    HostileModel(
      "an axis of -2^63", says: "bad", "axis -9223372036854775808",
      bytes: node("Softmax", [], ["axis": .int(.min)])),
    HostileModel(
      "a permutation that is none", says: "bad", "twice",
      bytes: node("Transpose", [], ["perm": .ints([0, 0])])),
    HostileModel(
      "a kernel of 0", code: 12, says: "bad",
      bytes: model(shape: ["1", "1", "4", "4"]) {
        $0.node("MaxPool", ["x"], ["y"], ["kernel_shape": .ints([0, 0])], name: "bad")
      }),
    HostileModel(
      "pads of -2^63", code: 12, says: "bad",
      bytes: model(shape: ["1", "1", "4", "4"]) {
        $0.node(
          "MaxPool", ["x"], ["y"],
          ["kernel_shape": .ints([2, 2]), "pads": .ints([.min, .min, .min, .min])], name: "bad")
      }),
    HostileModel(
      "groups that do not divide", says: "bad", "groups",
      bytes: model(shape: ["1", "4", "4", "4"]) {
        $0.constant("w", [4, 4, 1, 1], floats: [Float](repeating: 1, count: 16))
        $0.node("Conv", ["x", "w"], ["y"], ["group": .int(3)], name: "bad")
      }),
    HostileModel(
      "a wrapping pad of nothing", says: "bad", "no elements",
      bytes: model {
        $0.constant("c", [0], type: 1, raw: [])
        $0.constant("p", integers: [1, 1])
        $0.node("Pad", ["c", "p"], ["y"], ["mode": .string("wrap")], name: "bad")
      }),
    HostileModel(
      "a class that is no number", says: "bad", "indices",
      bytes: model {
        $0.constant("i", [1], floats: [.nan])
        $0.constant("d", integers: [3])
        $0.constant("v", [2], floats: [0, 1])
        $0.node("OneHot", ["i", "d", "v"], ["y"], name: "bad")
      }),
    HostileModel(
      "a crop from nowhere", says: "bad", "region of interest",
      bytes: model(shape: ["1", "1", "4", "4"]) {
        $0.constant("r", [8], floats: [Float](repeating: .nan, count: 8))
        $0.constant("n", integers: [1, 1, 2, 2])
        $0.node(
          "Resize", ["x", "r", "", "n"], ["y"],
          ["coordinate_transformation_mode": .string("tf_crop_and_resize")], name: "bad")
      }),
    HostileModel(
      "a tree with a cycle", says: "cycle",
      bytes: model { sample in
        sample.node(
          "TreeEnsembleRegressor", ["x"], ["y"],
          [
            "nodes_treeids": .ints([0, 0]), "nodes_nodeids": .ints([0, 1]),
            "nodes_modes": .strings(["BRANCH_LEQ", "LEAF"]), "nodes_featureids": .ints([0, 0]),
            "nodes_values": .floats([1, 0]), "nodes_truenodeids": .ints([0, 0]),
            "nodes_falsenodeids": .ints([1, 0]), "target_treeids": .ints([0]),
            "target_nodeids": .ints([1]), "target_ids": .ints([0]),
            "target_weights": .floats([1]),
          ], domain: "ai.onnx.ml")
      }),
  ]
}
