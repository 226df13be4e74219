public import BundleFormat
public import CommandLineKit
public import DeviceRuntime
import DriftStatistics
public import SignalChain
import System

/// What a bundle's rule decides of item after item, in words and units of its output.
public struct DecisionLog {
  private let rule: DecisionRule
  private let port: Port
  private let input: Port?
  private var decider: Decider
  /// What was decided so far.
  public private(set) var decisions: [Decision] = []

  /// A log of a plan's rule; nil where it has none.
  ///
  /// - Throws: where the manifest speaks of other outputs than the plan has.
  public init?(plan: PlanEntry, session: Session) throws(CommandFailure) {
    guard let rule = plan.decision else { return nil }
    let compared = rule.input
    guard rule.output < plan.outputs.count, compared ?? 0 < plan.inputs.count,
      let decider = Decider(rule, session: session)
    else { throw CommandFailure(.failed, "the bundle's decision does not fit its plan") }
    self.rule = rule
    self.decider = decider
    port = plan.outputs[rule.output]
    input = compared.map { plan.inputs[$0] }
  }

  /// Takes what it needs of the inputs, which do not survive a run.
  public mutating func willRun(_ session: Session) {
    guard let input = rule.input else { return }
    decider.keep(UnsafeRawBufferPointer(session.input(input)))
  }

  /// Decides by the outputs.
  public mutating func didRun(_ session: Session) {
    decisions.append(decider.decide(session.output(rule.output)))
  }

  /// The label of the class, its index where it has no label, or nothing.
  func label(_ decision: Decision) -> String {
    guard let index = decision.topClass else { return "" }
    return index < port.labels.count ? port.labels[index] : "\(index)"
  }

  /// The score in the output's units; of a reconstruction the mean squared error.
  func score(_ decision: Decision) -> Double {
    guard case .reconstruction(let error, _, _) = rule.judgement else {
      return Double(decision.score - Int64(port.zeroPoint)) * Double(port.scale)
    }
    return error.mean(
      UInt64(decision.score), elements: port.shape.reduce(1) { $0 * Int($1) },
      inputScale: input?.scale ?? port.scale, outputScale: port.scale)
  }

  /// One line for each of a few items.
  func lines() -> [String] {
    decisions.enumerated().map { item, decision in
      var line = "  item \(item): "
      if input == nil { line += decision.topClass == nil ? "no class, " : "\(label(decision)), " }
      line += "score \(DecimalText.significant(score(decision)))"
      return decision.isAlarm ? line + ", alarm" : line
    }
  }

  /// Every decision as a table with a line of names.
  public func table() -> [UInt8] {
    var text = "item,class,label,score,hit,alarm\n"
    for (item, decision) in decisions.enumerated() {
      let index = decision.topClass.map { "\($0)" } ?? ""
      let flags = "\(decision.isHit ? 1 : 0),\(decision.isAlarm ? 1 : 0)"
      text += "\(item),\(index),\(Self.quoted(label(decision))),\(score(decision)),\(flags)\n"
    }
    return Array(text.utf8)
  }

  /// A field of RFC 4180.
  static func quoted(_ field: String) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    for byte in field.utf8 {
      bytes.append(byte)
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
  }
}
