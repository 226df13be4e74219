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
    guard LevelFormat(integers.session.outputTensor(output)) != nil else {
      throw PackError(
        .failed, "decision: \(graph[graph.outputs[output]].name) is not int8 or int16",
        hint: "decisions of trees are not made yet")
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
    let levels: ClosedRange<Int32> = tensor.element == .int16 ? -32768...32767 : -128...127
    let labels = namings(graph, graph.outputs)[output].labels
    let count = tensor.elementCount
    guard count > 1 || recipe.threshold != nil else {
      throw PackError(
        .failed, "decision: one output element decides nothing without a threshold",
        hint: "add decision.threshold")
    }
    /// The least level that is not below a value.
    func level(_ value: Double) -> Int32 {
      let level = (value / Double(tensor.scale)).rounded(.up) + Double(tensor.zeroPoint)
      return Int32(min(max(level, Double(levels.lowerBound)), Double(levels.upperBound) + 1))
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
    var thresholds = [Int32](
      repeating: recipe.threshold.map(level) ?? levels.lowerBound, count: count)
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
    let elements = session.inputTensor(input).elementCount
    guard elements == session.outputTensor(output).elementCount,
      elements <= ReconstructionError.elementsMax
    else {
      throw PackError(
        .failed,
        "decision: the output has \(session.outputTensor(output).elementCount) elements, the input it "
          + "should repeat \(elements)")
    }
    guard !calibration.isEmpty, recipe.quantile > 0, recipe.quantile <= 1 else {
      throw PackError(
        .failed, "decision: a reconstruction needs calibration data and a quantile from 0 to 1")
    }
    let tensors = (session.inputTensor(input), session.outputTensor(output))
    let error = ReconstructionError(
      inputScale: tensors.0.scale, outputScale: tensors.1.scale,
      isWide: tensors.0.element == .int16 || tensors.1.element == .int16)
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
