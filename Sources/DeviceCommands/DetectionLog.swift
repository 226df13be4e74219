public import BundleFormat
public import CommandLineKit
public import DeviceRuntime
import DriftStatistics
import PlanFormat
public import SignalChain

/// The boxes that a bundle's rule finds in item after item, in words and units of its outputs.
public struct DetectionLog {
  private let rule: BoxRule
  private let port: Port
  private var decoder: BoxDecoder
  /// The detections of each item so far.
  public private(set) var items: [[Detection]] = []

  /// A log of a plan's rule; nil where it has none.
  ///
  /// - Throws: where the manifest speaks of other outputs than the plan has.
  public init?(plan: PlanEntry, session: Session) throws(CommandFailure) {
    guard let rule = plan.boxes else { return nil }
    for (view, elements) in [(rule.boxes, 4), (rule.scores, rule.classes)] {
      guard view.output < plan.outputs.count, view.output < session.plan.outputs.count,
        session.outputTensor(view.output).element == .int8,
        view.fits(
          boxes: rule.count, elements: elements, within: session.output(view.output).count)
      else { throw CommandFailure(.failed, "the bundle's boxes do not fit its plan") }
    }
    self.rule = rule
    port = plan.outputs[rule.scores.output]
    decoder = BoxDecoder(rule)
  }

  /// Finds the boxes in the outputs.
  public mutating func didRun(_ session: Session) {
    decoder.decode(
      boxes: session.output(rule.boxes.output), scores: session.output(rule.scores.output))
    items.append(Array(decoder.detections))
  }

  private func label(_ detection: Detection) -> String {
    let index = detection.topClass
    return index < port.labels.count ? port.labels[index] : "\(index)"
  }

  private func score(_ detection: Detection) -> Double {
    Double(detection.level - port.zeroPoint) * Double(port.scale)
  }

  private static func real(_ edge: Int32) -> Double { Double(edge) / 65_536 }

  /// Some lines for each of a few items.
  func lines() -> [String] {
    var lines: [String] = []
    for (item, detections) in items.enumerated() {
      lines.append("  item \(item): \(detections.count) found")
      for detection in detections.prefix(10) {
        let edges = [detection.top, detection.left, detection.bottom, detection.right].map {
          DecimalText.significant(Self.real($0))
        }
        lines.append(
          "    \(label(detection)), score \(DecimalText.significant(score(detection))), top \(edges[0]), left \(edges[1]), bottom \(edges[2]), right \(edges[3])"
        )
      }
    }
    return lines
  }

  /// Every detection as a table with a line of names.
  public func table() -> [UInt8] {
    var text = "item,class,label,score,top,left,bottom,right\n"
    for (item, detections) in items.enumerated() {
      for detection in detections {
        let edges =
          "\(Self.real(detection.top)),\(Self.real(detection.left)),\(Self.real(detection.bottom)),\(Self.real(detection.right))"
        text +=
          "\(item),\(detection.topClass),\(DecisionLog.quoted(label(detection))),\(score(detection)),\(edges)\n"
      }
    }
    return Array(text.utf8)
  }
}
