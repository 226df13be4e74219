import PlanFormat
public import SignalChain

extension Decider {
  /// A decider for the outputs of a session; nil where the session has no such output or input, or
  /// one that is not int8.
  public init?(_ rule: DecisionRule, session: Session) {
    guard rule.output < session.plan.outputs.count,
      session.outputTensor(rule.output).element == .int8
    else { return nil }
    let zeroPoint = session.outputTensor(rule.output).zeroPoint
    guard case .reconstruction(_, let input, _) = rule.judgement else {
      self.init(rule, outputZeroPoint: zeroPoint)
      return
    }
    guard input < session.plan.inputs.count, session.inputTensor(input).element == .int8
    else { return nil }
    self.init(
      rule, outputZeroPoint: zeroPoint, inputZeroPoint: session.inputTensor(input).zeroPoint,
      elements: session.input(input).count)
  }
}
