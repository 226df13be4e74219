import ModelGraph
import Operators
import PlanFormat

/// Decision trees.
enum ONNXTrees {
  /// `TreeEnsembleClassifier`: results are the class and its scores.
  @Sendable static func classifier(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try features(node, builder)
    var table = try ONNXTreeTable(node, weights: "class")
    let labels = try ONNXScores.labels(node, integers: "classlabels_int64s")
    let link = try ONNXScores.link(node)
    var base = try node.doubleList("base_values").map { Float($0) }
    var outputLink = link
    if labels.count == 2, table.outputs.count <= 1 {
      // One score decides between two classes: it is the second's, and the first's is what remains.
      guard base.count <= 1 else {
        throw node.unsupported("two base_values for the one score of two classes")
      }
      let score = base.first ?? 0
      let isShare = table.isPositive
      table.mirror()
      base = [isShare ? 1 - score : -score, score]
      // onnxruntime leaves all links but the logistic out for two classes, and that one for shares.
      outputLink = !isShare && link == .logistic ? .logistic : .none
    } else {
      guard labels.count > 2 else {
        throw node.unsupported(
          "two classes with scores of their own; export one score, as exporters of trees do")
      }
      if base.isEmpty { base = Array(repeating: 0, count: labels.count) }
    }
    guard base.count == labels.count else {
      throw node.invalid("\(base.count) base_values for \(labels.count) classes")
    }
    let ensemble = try table.ensemble(base: base, features: input.count, divisor: 1)
    let scores = try builder.emit(ensemble, [input.id], node: node, suffix: "/scores")
    try ONNXScores.bind(scores, labels: labels, link: outputLink, node, &builder)
  }

  /// `TreeEnsembleRegressor`.
  @Sendable static func regressor(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try features(node, builder)
    let table = try ONNXTreeTable(node, weights: "target")
    let targets = try node.int("n_targets", default: 1)
    guard (1...ImportLimits.windowExtent).contains(targets) else {
      throw node.invalid("n_targets is \(targets)")
    }
    let aggregate = try node.string("aggregate_function", default: "SUM")
    guard aggregate == "SUM" || aggregate == "AVERAGE" else {
      throw node.unsupported("trees are summed or averaged, not combined by \(aggregate)")
    }
    let base = try node.doubleList("base_values").map { Float($0) }
    guard base.isEmpty || base.count == targets else {
      throw node.invalid("\(base.count) base_values for \(targets) targets")
    }
    let ensemble = try table.ensemble(
      base: base.isEmpty ? Array(repeating: 0, count: targets) : base, features: input.count,
      divisor: aggregate == "AVERAGE" ? table.treeCount : 1)
    let link = try ONNXScores.link(node)
    let scores = try builder.emit(
      ensemble, [input.id], node: node, suffix: link == .none ? "" : "/scores")
    try builder.bind(node, try ONNXScores.linked(scores, link, node, &builder))
  }

  /// `TreeEnsemble`, which took the place of both in ai.onnx.ml 5.
  @Sendable static func ensemble(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try features(node, builder)
    let table = try ONNXTreeTable(node, try ONNXTreeList(node))
    let targets = try node.int("n_targets", default: 1)
    guard (1...ImportLimits.windowExtent).contains(targets) else {
      throw node.invalid("n_targets is \(targets)")
    }
    let aggregate = try node.int("aggregate_function", default: 1)
    guard aggregate == 0 || aggregate == 1 else {
      throw node.unsupported("trees are summed or averaged, not combined by minimum or maximum")
    }
    let link = try ONNXScores.link(node)
    let ensemble = try table.ensemble(
      base: Array(repeating: 0, count: targets), features: input.count,
      divisor: aggregate == 0 ? table.treeCount : 1)
    let scores = try builder.emit(
      ensemble, [input.id], node: node, suffix: link == .none ? "" : "/scores")
    try builder.bind(node, try ONNXScores.linked(scores, link, node, &builder))
  }

  private static func features(
    _ node: ONNXNode, _ builder: ONNXBuilder
  ) throws(GraphError) -> (id: ValueID, count: Int) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard shape.count == 2, shape[0] == 1 else {
      throw node.unsupported("its input has shape \(shape); one row of features is run")
    }
    guard builder.graph[input].type.element == .float32 else {
      throw node.unsupported("its input is no float; export with a float32 input")
    }
    return (input, shape[1])
  }
}

/// Labels and links of classifiers.
enum ONNXScores {
  /// The classes' names: strings as they are, integers in decimal.
  static func labels(_ node: ONNXNode, integers: String) throws(GraphError) -> [String] {
    let numbers = try node.integerList(integers)
    let names = try node.stringList(
      node.attributes["classlabels_strings"] == nil ? "classlabels" : "classlabels_strings")
    let labels = names.isEmpty ? numbers.map { String($0) } : names
    guard (2...ImportLimits.tensors).contains(labels.count) else {
      throw node.unsupported("\(labels.count) class labels; a classifier has two or more")
    }
    return labels
  }

  /// `post_transform`.
  static func link(_ node: ONNXNode) throws(GraphError) -> ScoreLink {
    let numbered = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]
    let name: String
    if case .int(let number)? = node.attributes["post_transform"] {
      name = numbered.indices.contains(number) ? numbered[number] : "\(number)"
    } else {
      name = try node.string("post_transform", default: "NONE")
    }
    switch name {
    case "NONE": return .none
    case "LOGISTIC": return .logistic
    case "SOFTMAX": return .softmax
    case "SOFTMAX_ZERO": return .softmaxZero
    default: throw node.unsupported("post_transform \(name) is not run; export raw scores")
    }
  }

  /// Scores through their link.
  static func linked(
    _ scores: ValueID, _ link: ScoreLink, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) -> ValueID {
    switch link {
    case .none: scores
    case .softmax: try builder.emit(Softmax(beta: 1), [scores], node: node, suffix: "/link")
    case .logistic, .softmaxZero:
      try builder.emit(ScoreTransform(link: link), [scores], node: node, suffix: "/link")
    }
  }

  /// Binds a classifier's results: the position of its class, with the classes' labels, and its
  /// scores.
  static func bind(
    _ scores: ValueID, labels: [String], link: ScoreLink, _ node: ONNXNode,
    _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let argmax = Extremum(
      axis: builder.shape(scores).count - 1, keepsDimensions: false, isMinimum: false,
      takesLast: false, element: .int64)
    let choice = try builder.emit(argmax, [scores], node: node, suffix: "/class")
    builder.label(choice, labels)
    try builder.bind(node, choice)
    guard node.outputs.count > 1, !node.outputs[1].isEmpty else { return }
    let linked = try linked(scores, link, node, &builder)
    builder.label(linked, labels)
    try builder.bind(node, linked, result: 1)
  }
}
