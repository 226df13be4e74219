import ModelGraph
import Operators
import PlanFormat

/// Support vector machines of ai.onnx.ml. Linear ones without vectors are dense layers.
enum ONNXSupportVectors {
  /// `SVMRegressor`; with `one_class` the side of the border that the input is on, 1 or −1.
  @Sendable static func regressor(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    try checkLink(node)
    let input = try builder.operand(node, 0)
    let vectors = try node.int("n_supports", default: 0)
    let coefficients = try node.floatList("coefficients")
    let offsets = try node.floatList("rho")
    guard offsets.count == 1 else {
      throw node.invalid("\(offsets.count) values of rho for one target")
    }
    let isSide = try node.int("one_class", default: 0) != 0
    let suffix = isSide ? "/decision" : ""
    var result: ValueID
    if vectors == 0 {
      result = try ONNXLinearModels.dense(
        input, coefficients, offsets, outputs: 1, node, &builder, suffix: suffix)
    } else {
      let machine = SupportVectors(
        kernel: try kernel(node), features: builder.shape(input).last ?? 0,
        vectors: try node.floatList("support_vectors"), classVectors: [],
        coefficients: coefficients, offsets: offsets)
      guard machine.vectors.count == vectors * machine.features, coefficients.count == vectors
      else { throw node.invalid("its vectors, coefficients and features do not go together") }
      result = try builder.emit(machine, [input], node: node, suffix: suffix)
    }
    if isSide {
      let side = PointwiseExpression.select(
        .binary(.greater, .variable, .constant(0)), .constant(1), .constant(-1))
      result = try builder.emit(Pointwise(side), [result], node: node)
    }
    try builder.bind(node, result)
  }

  /// `SVMClassifier` without probabilities: the class that wins most votes, the first of equals, and
  /// the decisions.
  @Sendable static func classifier(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    try checkLink(node)
    let labels = try ONNXScores.labels(node, integers: "classlabels_ints")
    let input = try builder.operand(node, 0)
    let counts = try node.integerList("vectors_per_class")
    guard try node.floatList("prob_a").isEmpty else {
      throw node.unsupported(
        "probabilities of a support vector machine are fitted in rounds that have no end known "
          + "beforehand; export it without (probability=False)")
    }
    guard !counts.isEmpty else {
      throw node.unsupported("a linear machine without vectors; export it as LinearClassifier")
    }
    let machine = SupportVectors(
      kernel: try kernel(node), features: builder.shape(input).last ?? 0,
      vectors: try node.floatList("support_vectors"), classVectors: counts,
      coefficients: try node.floatList("coefficients"), offsets: try node.floatList("rho"))
    let (classes, total) = (counts.count, counts.reduce(0) { $0 &+ $1 })
    guard classes == labels.count, counts.allSatisfy({ (0...ImportLimits.elements).contains($0) }),
      machine.features > 0, machine.vectors.count == total * machine.features,
      machine.coefficients.count == (classes - 1) * total,
      machine.offsets.count == classes * (classes - 1) / 2
    else { throw node.invalid("its vectors, coefficients and classes do not go together") }
    let results = try builder.emitAll(machine, [input], node: node, suffix: "/decisions")
    let argmax = Extremum(
      axis: builder.shape(results[1]).count - 1, keepsDimensions: false, isMinimum: false,
      takesLast: false, element: .int64)
    let choice = try builder.emit(argmax, [results[1]], node: node, suffix: "/class")
    builder.label(choice, labels)
    try builder.bind(node, choice)
    guard node.outputs.count > 1, !node.outputs[1].isEmpty else { return }
    try builder.bind(node, results[0], result: 1)
  }

  private static func checkLink(_ node: ONNXNode) throws(GraphError) {
    guard try ONNXScores.link(node) == .none else {
      throw node.unsupported("post_transform of support vectors; export raw scores")
    }
  }

  private static func kernel(_ node: ONNXNode) throws(GraphError) -> SupportVectors.Kernel {
    let numbers = try node.floatList("kernel_params")
    func parameter(_ index: Int) -> Float { index < numbers.count ? numbers[index] : 0 }
    switch try node.string("kernel_type", default: "LINEAR") {
    case "LINEAR": return .linear
    case "POLY":
      return .polynomial(gamma: parameter(0), offset: parameter(1), degree: parameter(2))
    case "RBF": return .radial(gamma: parameter(0))
    case "SIGMOID": return .sigmoid(gamma: parameter(0), offset: parameter(1))
    case let name: throw node.unsupported("kernel_type \(name) is not known")
    }
  }
}
