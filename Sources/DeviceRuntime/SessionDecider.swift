public import PlanFormat
public import SignalChain

extension Decider {
  /// A decider for the outputs of a session; nil where the session has no such output or input, or
  /// one whose integers are no levels.
  public init?(_ rule: DecisionRule, session: Session) {
    guard rule.output < session.plan.outputs.count,
      let output = LevelFormat(session.outputTensor(rule.output))
    else { return nil }
    guard case .reconstruction(_, let position, _) = rule.judgement else {
      self.init(rule, output: output)
      return
    }
    guard position < session.plan.inputs.count,
      let input = LevelFormat(session.inputTensor(position))
    else { return nil }
    self.init(rule, output: output, input: input, inputBytes: session.input(position).count)
  }
}

extension LevelFormat {
  /// That of a tensor; nil where its integers are not int8 or int16.
  public init?(_ tensor: PlanTensor) {
    guard tensor.element == .int8 || tensor.element == .int16 else { return nil }
    self.init(isWide: tensor.element == .int16, zeroPoint: tensor.zeroPoint)
  }
}
