import ModelGraph
import Operators

/// What stands before and behind the models of ai.onnx.ml: scaling, missing values, labels.
enum ONNXFeatures {
  /// `Scaler`: (x − offset) · scale, each one value or one per feature; a normalisation whose
  /// variance is 1, which layers and trees beside it take in.
  @Sendable static func scaler(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let features = shape.last ?? 0
    func constant(_ key: String, _ values: [Float]) throws(GraphError) -> ValueID {
      guard values.count == features || values.count == 1 else {
        throw node.invalid("\(values.count) values of \(key) for \(features) features")
      }
      let all = values.count == 1 ? Array(repeating: values[0], count: features) : values
      return builder.constant("\(node.name)/\(key)", TensorData(shape: [features], floats: all))
    }
    let scale = try constant("scale", try node.floatList("scale"))
    let bias = try constant("zero", [0])
    let offset = try constant("offset", try node.floatList("offset"))
    let variance = try constant("one", [1])
    let operation = BatchNormalization(epsilon: 0, axis: shape.count - 1)
    try builder.bind(
      node, try builder.emit(operation, [input, scale, bias, offset, variance], node: node))
  }

  /// `Imputer` of floats.
  @Sendable static func imputer(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let features = builder.shape(input).last ?? 0
    let values = try node.floatList("imputed_value_floats")
    guard values.count == features || values.count == 1, values.allSatisfy(\.isFinite) else {
      throw node.unsupported(
        "\(values.count) imputed floats for \(features) features; one finite float for each is run")
    }
    let operation = Imputation(
      values: values.count == features ? values : Array(repeating: values[0], count: features),
      replaced: try node.float("replaced_value_float", default: 0))
    try builder.bind(node, try builder.emit(operation, [input], node: node))
  }

  /// `Normalizer`. Shares that add up to 1 already stay as they are.
  @Sendable static func normalizer(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let norm = try node.choice("norm", default: RowNormalization.Norm.maximum)
    let producer = builder.graph.nodes.last { $0.outputs.contains(input) }
    if norm == .l1, producer?.operation is Softmax { return try builder.bind(node, input) }
    let result = try builder.emit(RowNormalization(norm: norm), [input], node: node)
    builder.label(result, builder.graph[input].labels)
    try builder.bind(node, result)
  }

  /// `ZipMap`: its map from labels to scores is the scores with labels.
  @Sendable static func zipMap(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let labels = try ONNXScores.labels(node, integers: "classlabels_int64s")
    guard builder.shape(input).last == labels.count else {
      throw node.invalid("\(labels.count) labels for scores of shape \(builder.shape(input))")
    }
    builder.label(input, labels)
    try builder.bind(node, input)
  }

  /// `Binarizer`: 1 above the threshold, else 0.
  static let binarizer = ONNXMapping.operation { (node, _) throws(GraphError) in
    let threshold = Double(try node.float("threshold", default: 0))
    let above = PointwiseExpression.binary(.greater, .variable, .constant(threshold))
    return Pointwise(.select(above, .constant(1), .constant(0)))
  }

  /// `FeatureVectorizer`: the features of all operands, one behind the other.
  @Sendable static func vectorizer(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let sizes = try node.integerList("inputdimensions")
    var operands: [ValueID] = []
    for index in node.inputs.indices {
      let operand = try builder.operand(node, index)
      let shape = builder.shape(operand)
      guard shape.count == 2, shape[0] == 1, builder.graph[operand].type.element == .float32 else {
        throw node.unsupported("operand \(index) is no row of floats, its shape is \(shape)")
      }
      guard index >= sizes.count || sizes[index] == shape[1] else {
        throw node.invalid("operand \(index) has \(shape[1]) features, not \(sizes[index])")
      }
      operands.append(operand)
    }
    guard operands.count > 1 else { return try builder.bind(node, try builder.operand(node, 0)) }
    try builder.bind(node, try builder.emit(Concat(axis: 1), operands, node: node))
  }

  /// `ArrayFeatureExtractor`: of constants by a computed position, the position with the constants as
  /// its labels; by constant positions, those features.
  @Sendable static func extract(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let positions = try builder.operand(node, 1)
    if builder.data(positions) != nil { return try pick(positions, node, &builder) }
    let labels: [String]
    if let strings = builder.strings(named: node.inputs[0]) {
      labels = strings
    } else if let values = builder.data(try builder.operand(node, 0))?.integers {
      labels = values.map { String($0) }
    } else {
      throw node.unsupported(
        "a computed position is run to look up a label in a table of integers or strings")
    }
    let count = builder.shape(positions).reduce(1, *)
    guard builder.graph[positions].type.element == .int64, count == 1 else {
      throw node.unsupported("it looks up \(count) labels at once; one is run, a class's")
    }
    let result = try builder.emit(Reshape(shape: [1, count]), [positions], node: node)
    builder.label(result, labels)
    try builder.bind(node, result)
  }

  private static func pick(
    _ positions: ValueID, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let count = builder.shape(positions).reduce(1, *)
    let flat = try builder.emit(
      Reshape(shape: [count]), [positions], node: node, suffix: "/positions")
    guard let axis = shape.indices.last else { throw node.invalid("it picks of a scalar") }
    try builder.bind(node, try builder.emit(Gather(axis: axis), [input, flat], node: node))
  }

  /// `LabelEncoder` behind a classifier: other labels for the same classes.
  @Sendable static func labelEncoder(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let known = builder.graph[input].labels
    let keys = try entries(node, "keys")
    let values = try entries(node, "values")
    guard !known.isEmpty, keys.count == values.count else {
      throw node.unsupported(
        "labels are encoded behind a classifier, strings and integers; encode inputs beforehand")
    }
    let table = Dictionary(zip(keys, values), uniquingKeysWith: { $1 })
    let fallback = try node.string("default_string", default: "_Unused")
    let result = try builder.emit(
      Reshape(shape: builder.shape(input)), [input], node: node)
    builder.label(result, known.map { table[$0] ?? fallback })
    try builder.bind(node, result)
  }

  /// A product with ones, which exporters put behind trees to rename a result: the result itself.
  static func timesOne(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) -> Bool {
    guard node.operation == "Mul", let input = try builder.optional(node, 0),
      let other = try builder.optional(node, 1), builder.data(input) == nil,
      let factors = builder.data(other), factors.floats?.allSatisfy({ $0 == 1 }) == true,
      factors.count == 1, factors.shape.count <= builder.shape(input).count
    else { return false }
    try builder.bind(node, input)
    return true
  }

  private static func entries(_ node: ONNXNode, _ side: String) throws(GraphError) -> [String] {
    let strings = try node.stringList("\(side)_strings")
    return strings.isEmpty ? try node.integerList("\(side)_int64s").map { String($0) } : strings
  }
}
