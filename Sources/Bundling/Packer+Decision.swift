import DeviceRuntime
import Lowering
import ModelGraph
import PlanFormat
import SignalChain

extension Packer {
  /// The rule a recipe asks for, in the integers of this model.
  ///
  /// - Throws: `PackError` naming what the model has not, or what the rule lacks.
  func decisionRule(
    _ graph: Graph, _ integers: IntegerModel, _ calibration: [[TensorData]],
    _ starts: RecordingStarts
  ) throws(PackError) -> DecisionRule? {
    guard let recipe = request.decision else { return nil }
    let output = try position(
      of: recipe.output, among: graph.outputs.map { graph[$0].name }, what: "output")
    guard integers.session.outputTensor(output).element == .int8 else {
      throw PackError(
        .failed, "decision: \(graph[graph.outputs[output]].name) is not int8",
        hint: "decisions of trees and of int16 outputs are not made yet")
    }
    let judgement: DecisionRule.Judgement
    if let reconstruction = recipe.reconstruction {
      guard recipe.threshold == nil, recipe.thresholds == nil, recipe.alarm == nil else {
        throw PackError(
          .failed, "decision: a reconstruction has no classes",
          hint: "leave out threshold, thresholds and alarm: its quantile sets the threshold")
      }
      judgement = try self.reconstruction(
        reconstruction, graph, integers, output: output, calibration, starts)
    } else {
      judgement = try classes(recipe, integers, output: output, graph)
    }
    let debounce = recipe.debounce
    guard
      let rule = DecisionRule(
        judgement: judgement, output: output, needed: debounce?.needed ?? 1,
        window: debounce?.of ?? 1)
    else {
      throw PackError(
        .failed, "decision.debounce wants 1 ≤ needed ≤ of ≤ \(DecisionRule.historyMax)")
    }
    return rule
  }

  private func position(
    of name: String?, among names: [String], what: String
  ) throws(PackError) -> Int {
    guard let name else { return 0 }
    guard let position = names.firstIndex(of: name) else {
      throw PackError(
        .failed, "decision: the model has no \(what) called \(name)",
        hint: "it has \(names.joined(separator: ", "))")
    }
    return position
  }

  private func classes(
    _ recipe: Recipe.Decision, _ integers: IntegerModel, output: Int, _ graph: Graph
  ) throws(PackError) -> DecisionRule.Judgement {
    let tensor = integers.session.outputTensor(output)
    let labels = namings(graph, graph.outputs)[output].labels
    let count = integers.session.output(output).count
    guard count > 1 || recipe.threshold != nil else {
      throw PackError(
        .failed, "decision: one output element decides nothing without a threshold",
        hint: "add decision.threshold")
    }
    /// The least level that is not below a value.
    func level(_ value: Double) -> Int32 {
      let level = (value / Double(tensor.scale)).rounded(.up) + Double(tensor.zeroPoint)
      return Int32(min(max(level, -128), 128))
    }
    func index(_ label: String) throws(PackError) -> Int {
      guard let index = labels.firstIndex(of: label), index < count else {
        throw PackError(
          .failed, "decision: no class is labelled \(label)",
          hint: labels.isEmpty
            ? "add outputs[].labels" : "there are \(labels.joined(separator: ", "))")
      }
      return index
    }
    var thresholds = [Int32](repeating: recipe.threshold.map(level) ?? -128, count: count)
    for (label, value) in recipe.thresholds ?? [:] { thresholds[try index(label)] = level(value) }
    var alarms: [Int] = count == 1 && recipe.alarm == nil ? [0] : []
    for label in recipe.alarm ?? [] { alarms.append(try index(label)) }
    return .topClass(thresholds: thresholds, alarms: Set(alarms).sorted())
  }

  private func reconstruction(
    _ recipe: Recipe.Reconstruction, _ graph: Graph, _ integers: IntegerModel, output: Int,
    _ calibration: [[TensorData]], _ starts: RecordingStarts
  ) throws(PackError) -> DecisionRule.Judgement {
    let session = integers.session
    let input = try position(
      of: recipe.input, among: graph.inputs.map { graph[$0].name }, what: "input")
    let elements = session.input(input).count
    guard elements == session.output(output).count,
      elements <= ReconstructionError.elementsMax
    else {
      throw PackError(
        .failed,
        "decision: the output has \(session.output(output).count) elements, the input it "
          + "should repeat \(elements)")
    }
    guard !calibration.isEmpty, recipe.quantile > 0, recipe.quantile <= 1 else {
      throw PackError(
        .failed, "decision: a reconstruction needs calibration data and a quantile from 0 to 1")
    }
    let error = ReconstructionError(
      inputScale: session.inputTensor(input).scale, outputScale: session.outputTensor(output).scale)
    let rule = DecisionRule(
      judgement: .reconstruction(error, input: input, threshold: 0), output: output)
    guard let rule, var decider = Decider(rule, session: session) else {
      throw PackError(.failed, "decision: the rule does not fit the model")
    }
    var sums: [UInt64] = []
    for (position, item) in calibration.enumerated() {
      if starts.contains(position) { session.reset() }
      try integers.load(item)
      decider.keep(UnsafeRawBufferPointer(session.input(input)))
      session.run()
      sums.append(UInt64(decider.decide(session.output(output)).score))
    }
    sums.sort()
    let rank = Int((recipe.quantile * Double(sums.count)).rounded(.up))
    return .reconstruction(error, input: input, threshold: sums[max(rank, 1) - 1])
  }
}
