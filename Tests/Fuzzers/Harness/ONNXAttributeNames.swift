/// Attributes of ONNX operators by name, for making models.
enum ONNXAttributeNames {
  /// What an attribute holds.
  enum Kind {
    case int, size, float, ints, sizes, floats, tensor, permutation, graph
    case string([String])
    case strings([String])
  }

  private static let window = ["kernel_shape", "strides", "pads", "dilations", "auto_pad"]
  private static let trees = [
    "nodes_treeids", "nodes_nodeids", "nodes_modes", "nodes_featureids", "nodes_values",
    "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true", "base_values",
    "post_transform",
  ]
  private static let recurrent = [
    "hidden_size", "direction", "activations", "clip", "layout", "linear_before_reset",
  ]

  private static let operators: [String: [String]] = [
    "AveragePool": window + ["ceil_mode", "count_include_pad"], "BatchNormalization": ["epsilon"],
    "Cast": ["to"], "Celu": ["alpha"], "Clip": ["min", "max"], "Concat": ["axis"],
    "Constant": ["value", "value_int", "value_ints", "value_float", "value_floats"],
    "ConstantOfShape": ["value"], "Conv": window + ["group"], "ConvInteger": window + ["group"],
    "ConvTranspose": window + ["group", "output_padding", "output_shape"],
    "CumSum": ["exclusive", "reverse"], "DepthToSpace": ["blocksize", "mode"],
    "DequantizeLinear": ["axis", "block_size"], "Elu": ["alpha"], "EyeLike": ["k", "dtype"],
    "Flatten": ["axis"], "GRU": recurrent, "Gather": ["axis"], "GatherElements": ["axis"],
    "GatherND": ["batch_dims"], "Gelu": ["approximate"],
    "Gemm": ["alpha", "beta", "transA", "transB"], "GroupNormalization": ["num_groups", "epsilon"],
    "HardSigmoid": ["alpha", "beta"], "If": ["then_branch", "else_branch"],
    "Imputer": ["imputed_value_floats", "replaced_value_float"],
    "InstanceNormalization": ["epsilon"], "LSTM": recurrent,
    "LabelEncoder": ["keys_strings", "values_strings", "keys_int64s", "values_int64s"],
    "LayerNormalization": ["axis", "epsilon"], "LeakyRelu": ["alpha"],
    "LinearClassifier": [
      "coefficients", "intercepts", "classlabels_ints", "classlabels_strings", "post_transform",
    ],
    "LinearRegressor": ["coefficients", "intercepts", "targets", "post_transform"],
    "LpNormalization": ["axis", "p"], "MaxPool": window + ["ceil_mode", "storage_order"],
    "MeanVarianceNormalization": ["axes"], "Mod": ["fmod"], "Normalizer": ["norm"],
    "OneHot": ["axis"], "Pad": ["mode", "pads", "value"], "QLinearConcat": ["axis"],
    "QLinearConv": window + ["group"], "QLinearAveragePool": window,
    "QuantizeLinear": ["axis", "output_dtype", "saturate", "block_size"], "RNN": recurrent,
    "Reshape": ["allowzero"],
    "Resize": [
      "mode", "nearest_mode", "coordinate_transformation_mode", "antialias", "exclude_outside",
      "keep_aspect_ratio_policy", "axes", "cubic_coeff_a",
    ], "ReverseSequence": ["time_axis", "batch_axis"], "Scaler": ["scale", "offset"],
    "ScatterElements": ["axis", "reduction"], "ScatterND": ["reduction"],
    "Selu": ["alpha", "gamma"],
    "Shape": ["start", "end"], "Shrink": ["lambd", "bias"],
    "Slice": ["starts", "ends", "axes"], "SpaceToDepth": ["blocksize"],
    "Split": ["axis", "split", "num_outputs"], "TopK": ["axis", "largest", "k"],
    "Transpose": ["perm"], "Trilu": ["upper"], "Upsample": ["mode", "scales"],
    "TreeEnsembleClassifier": trees + [
      "class_treeids", "class_nodeids", "class_ids", "class_weights", "classlabels_strings",
      "classlabels_int64s",
    ],
    "TreeEnsembleRegressor": trees + [
      "target_treeids", "target_nodeids", "target_ids", "target_weights", "n_targets",
      "aggregate_function",
    ], "ZipMap": ["classlabels_strings", "classlabels_int64s"],
  ]

  /// The attributes of an operator; axes where it has none here.
  static func of(_ operation: String) -> [String] {
    operators[operation] ?? ["axis", "axes", "keepdims"]
  }

  private static let strings: [String: [String]] = [
    "auto_pad": ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"],
    "mode": ["constant", "reflect", "edge", "wrap", "nearest", "linear", "cubic", "DCR", "CRD"],
    "nearest_mode": ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"],
    "coordinate_transformation_mode": [
      "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric",
      "tf_half_pixel_for_nn", "tf_crop_and_resize",
    ],
    "keep_aspect_ratio_policy": ["stretch", "not_larger", "not_smaller"],
    "direction": ["forward", "reverse", "bidirectional"], "approximate": ["none", "tanh"],
    "reduction": ["none", "add", "mul", "min", "max"], "norm": ["MAX", "L1", "L2"],
    "aggregate_function": ["SUM", "AVERAGE", "MIN"],
    "post_transform": ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"],
  ]

  private static let lists: [String: [String]] = [
    "activations": ["Sigmoid", "Tanh", "Relu", "HardSigmoid", "Affine", "LeakyRelu"],
    "nodes_modes": [
      "BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ",
      "BRANCH_NEQ",
    ],
    "classlabels_strings": ["a", "b", "c"], "keys_strings": ["a", "b"],
    "values_strings": ["c", "d"],
  ]

  /// What the attribute holds, where it holds what it should.
  static func kind(_ key: String) -> Kind {
    if let words = strings[key] { return .string(words) }
    if let words = lists[key] { return .strings(words) }
    switch key {
    case "kernel_shape", "strides", "pads", "dilations", "output_padding", "output_shape", "split":
      return .sizes
    case "group", "blocksize", "hidden_size", "num_outputs", "num_groups", "to", "k", "targets",
      "n_targets", "dtype", "output_dtype", "block_size":
      return .size
    case "alpha", "beta", "gamma", "epsilon", "clip", "lambd", "bias", "min", "max",
      "value_float", "cubic_coeff_a", "replaced_value_float":
      return .float
    case "perm": return .permutation
    case "value": return .tensor
    case "then_branch", "else_branch": return .graph
    case "scale", "offset", "scales", "coefficients", "intercepts", "value_floats", "base_values",
      "nodes_values", "class_weights", "target_weights", "imputed_value_floats":
      return .floats
    case _ where key.hasSuffix("s"): return .ints
    default: return .int
    }
  }
}
