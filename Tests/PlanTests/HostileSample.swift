import DeviceRuntime
import PlanFormat
import Testing

/// A plan that is accepted as it is, to be broken at one place at a time.
struct HostileSample {
  let plan: Plan
  let weights: [UInt8]

  init(_ sample: (plan: Plan, weights: [UInt8])) { (plan, weights) = sample }

  /// The message of the refusal after an edit; empty when the plan is accepted.
  func refusal(_ edit: (inout Plan, inout [UInt8]) -> Void = { _, _ in }) -> String {
    var (plan, weights) = (plan, weights)
    edit(&plan, &weights)
    do throws(RuntimeError) {
      _ = try Session(plan: plan.encoded(), weights: weights)
      return ""
    } catch {
      return error.message
    }
  }

  /// An edit is refused in a message that names the instruction and the rule.
  func expectRefusal(
    _ name: String, _ rule: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout Plan) -> Void
  ) {
    let message = refusal { plan, _ in edit(&plan) }
    #expect(
      message.contains(name) && message.contains(rule), "got '\(message)'",
      sourceLocation: sourceLocation)
  }
}

extension Plan {
  /// Edits the operation of the instruction of a name.
  mutating func edit(_ name: String, _ change: (inout PlanOperation) -> Void) {
    for index in instructions.indices where instructions[index].name == name {
      change(&instructions[index].operation)
    }
  }
}
