import ModelGraph
import Operators
import PlanFormat

/// Linear models of ai.onnx.ml: dense layers.
enum ONNXLinearModels {
  /// `LinearClassifier`. One row of coefficients for two classes is the second's score.
  @Sendable static func classifier(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let labels = try ONNXScores.labels(node, integers: "classlabels_ints")
    let link = try ONNXScores.link(node)
    let input = try builder.operand(node, 0)
    let features = builder.shape(input).last ?? 0
    var coefficients = try node.floatList("coefficients")
    var intercepts = try node.floatList("intercepts")
    guard features > 0, coefficients.count % features == 0 else {
      throw node.invalid("\(coefficients.count) coefficients for \(features) features")
    }
    if labels.count == 2, coefficients.count == features {
      guard link == .none || link == .logistic else {
        throw node.unsupported("post_transform of one score for two classes; export LOGISTIC")
      }
      coefficients = coefficients.map { -$0 } + coefficients
      intercepts = intercepts.map { -$0 } + intercepts
    }
    guard coefficients.count == labels.count * features else {
      throw node.invalid("\(coefficients.count) coefficients for \(labels.count) classes")
    }
    let scores = try dense(
      input, coefficients, intercepts, outputs: labels.count, node, &builder, suffix: "/scores")
    try ONNXScores.bind(scores, labels: labels, link: link, node, &builder)
  }

  /// `LinearRegressor`.
  @Sendable static func regressor(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let targets = try node.int("targets", default: 1)
    let link = try ONNXScores.link(node)
    let input = try builder.operand(node, 0)
    let coefficients = try node.floatList("coefficients")
    guard targets > 0, targets <= ImportLimits.tensors,
      coefficients.count == targets * (builder.shape(input).last ?? 0)
    else { throw node.invalid("\(coefficients.count) coefficients for \(targets) targets") }
    let scores = try dense(
      input, coefficients, try node.floatList("intercepts"), outputs: targets, node, &builder,
      suffix: link == .none ? "" : "/scores")
    try builder.bind(node, try ONNXScores.linked(scores, link, node, &builder))
  }

  static func dense(
    _ input: ValueID, _ coefficients: [Float], _ intercepts: [Float], outputs: Int,
    _ node: ONNXNode, _ builder: inout ONNXBuilder, suffix: String
  ) throws(GraphError) -> ValueID {
    let features = coefficients.count / outputs
    guard intercepts.isEmpty || intercepts.count == outputs else {
      throw node.invalid("\(intercepts.count) intercepts for \(outputs) results")
    }
    let weights = builder.constant(
      "\(node.name)/coefficients", TensorData(shape: [outputs, features], floats: coefficients))
    let bias = builder.constant(
      "\(node.name)/intercepts",
      TensorData(
        shape: [outputs],
        floats: intercepts.isEmpty ? Array(repeating: 0, count: outputs) : intercepts))
    return try builder.emit(
      FullyConnected(activation: .none), [input, weights, bias], node: node, suffix: suffix)
  }
}
