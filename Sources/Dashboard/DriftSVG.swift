public import DriftStatistics

/// Pictures of counts.
public enum DriftSVG {
  /// Live counts as bars over the reference's outline, in shares of the items, one slot per bin
  /// whatever its width: the slots of a quantile binning are level for the reference, so a change
  /// shows as an uneven row of bars. Items beyond the reference's range stand in slots of their own
  /// at the ends, where the reference is zero. Colours come from the page's stylesheet.
  public static func histogram(tap: Tap, reference: TapCounts, live: TapCounts) -> String {
    Histogram(tap: tap, reference: reference, live: live).svg()
  }
}

/// A slot of the histogram.
private struct Slot {
  var label: String
  var reference: Double
  var live: Double
  var count: UInt32
  var isGuard = false
}

private struct Histogram {
  static let width = 420.0
  static let height = 200.0
  static let left = 38.0
  static let right = 412.0
  static let top = 10.0
  static let bottom = 164.0

  let tap: Tap
  let reference: TapCounts
  let live: TapCounts
  var isReversed: Bool { tap.categories.isEmpty && tap.displayScale < 0 }

  /// Guards, then bins, in the order of displayed values.
  func slots() -> [Slot] {
    let count = min(tap.binCount, reference.bins.count, live.bins.count)
    let liveItems = max(Double(live.total), 1)
    let referenceItems = max(Double(reference.total), 1)
    var slots: [Slot] = []
    for bin in 0..<count {
      // Items beyond the range are counted in the outer bins too: here they have their own slot.
      var own = live.bins[bin]
      if tap.categories.isEmpty, bin == 0 { own -= min(own, live.below) }
      if tap.categories.isEmpty, bin == count - 1 { own -= min(own, live.above) }
      slots.append(
        Slot(
          label: label(of: bin), reference: Double(reference.bins[bin]) / referenceItems,
          live: Double(own) / liveItems, count: own))
    }
    guard tap.categories.isEmpty, count > 0 else { return slots }
    let lowest = value(tap.lowest)
    let highest = value(tap.highest)
    let below = Slot(
      label: "\(isReversed ? "above" : "below") \(lowest)", reference: 0,
      live: Double(live.below) / liveItems, count: live.below, isGuard: true)
    let above = Slot(
      label: "\(isReversed ? "below" : "above") \(highest)", reference: 0,
      live: Double(live.above) / liveItems, count: live.above, isGuard: true)
    slots = [below] + slots + [above]
    return isReversed ? slots.reversed() : slots
  }

  func value(_ integer: Int32) -> String {
    DecimalText.significant(tap.displayOffset + tap.displayScale * Double(integer))
  }

  /// Bin k holds edges[k−1] ≤ v < edges[k]; the outer bins end at the reference's extremes.
  private func label(of bin: Int) -> String {
    if !tap.categories.isEmpty {
      return bin < tap.categories.count ? tap.categories[bin] : "\(bin)"
    }
    let from = bin == 0 ? tap.lowest : tap.edges[bin - 1]
    let to = bin == tap.edges.count ? tap.highest : tap.edges[bin]
    return "\(value(from)) to \(value(to))"
  }

  func svg() -> String {
    let slots = slots()
    guard !slots.isEmpty else { return "" }
    let step = (Self.right - Self.left) / Double(slots.count)
    let peak = max(slots.map { max($0.reference, $0.live) }.max() ?? 0, 0.01)
    let scale = Scale(peak: peak)
    let y = { (share: Double) -> Double in
      Self.bottom - (Self.bottom - Self.top) * share / scale.top
    }
    var parts: [String] = []
    for share in scale.ticks {
      parts.append(
        "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.right)\" y1=\"\(fixed(y(share)))\""
          + " y2=\"\(fixed(y(share)))\"/>"
          + text(DecimalText.percent(share), x: Self.left - 6, y: y(share) + 4, anchor: "end"))
    }
    var outline: [String] = []
    for (index, slot) in slots.enumerated() {
      let x = Self.left + step * Double(index)
      if slot.isGuard {
        parts.append(
          "<rect class=\"zone\" x=\"\(fixed(x))\" y=\"\(Self.top)\" width=\"\(fixed(step))\""
            + " height=\"\(Self.bottom - Self.top)\"/>")
      }
      let gap = min(step * 0.12, 3)
      parts.append(
        "<rect class=\"bar\(slot.isGuard ? " guarded" : "")\" x=\"\(fixed(x + gap))\""
          + " y=\"\(fixed(y(slot.live)))\" width=\"\(fixed(step - 2 * gap))\""
          + " height=\"\(fixed(Self.bottom - y(slot.live)))\"><title>\(title(slot))</title></rect>")
      outline.append("\(index == 0 ? "M" : "L")\(fixed(x)) \(fixed(y(slot.reference)))")
      outline.append("L\(fixed(x + step)) \(fixed(y(slot.reference)))")
    }
    parts.append(
      "<line class=\"axis\" x1=\"\(Self.left)\" x2=\"\(Self.right)\" y1=\"\(Self.bottom)\""
        + " y2=\"\(Self.bottom)\"/>")
    parts.append("<path class=\"steps\" d=\"\(outline.joined(separator: " "))\"/>")
    parts += tap.categories.isEmpty ? edgeLabels(slots, step) : categoryLabels(slots, step)
    let name = HTML.escape("\(tap.name): live counts against the reference")
    return "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\""
      + " aria-label=\"\(name)\">" + parts.joined() + "</svg>"
  }

  private func title(_ slot: Slot) -> String {
    let unit = tap.unit.isEmpty || !tap.categories.isEmpty ? "" : " \(tap.unit)"
    return HTML.escape(
      "\(slot.label)\(unit): \(slot.count) items, \(DecimalText.percent(slot.live)); "
        + "reference \(DecimalText.percent(slot.reference))")
  }

  /// Edges between slots, as many as have room, never two that overlap.
  private func edgeLabels(_ slots: [Slot], _ step: Double) -> [String] {
    var integers = [tap.lowest] + tap.edges + [tap.highest]
    if isReversed { integers.reverse() }
    var parts: [String] = []
    var free = 0.0
    let last = Self.right - step
    let lastWidth = width(value(integers[integers.count - 1]))
    for (index, integer) in integers.enumerated() {
      let x = Self.left + step * Double(index + 1)
      let label = value(integer)
      let isLast = index == integers.count - 1
      let start = x - width(label) / 2
      guard isLast || (start >= free && x + width(label) / 2 + 8 <= last - lastWidth / 2) else {
        continue
      }
      parts.append(
        "<line class=\"axis\" x1=\"\(fixed(x))\" x2=\"\(fixed(x))\" y1=\"\(Self.bottom)\""
          + " y2=\"\(Self.bottom + 4)\"/>"
          + text(label, x: x, y: Self.bottom + 17, anchor: "middle"))
      free = x + width(label) / 2 + 8
    }
    if let first = slots.first, first.count > 0 {
      parts.append(guardLabel(first, x: Self.left, anchor: "start"))
    }
    if let last = slots.last, last.count > 0 {
      parts.append(guardLabel(last, x: Self.right, anchor: "end"))
    }
    return parts
  }

  private func guardLabel(_ slot: Slot, x: Double, anchor: String) -> String {
    text("\(slot.count) \(slot.label)", x: x, y: Self.bottom + 30, anchor: anchor, guarded: true)
  }

  /// Every name where they fit, else every second, fifth, tenth, …
  private func categoryLabels(_ slots: [Slot], _ step: Double) -> [String] {
    let longest = slots.map { width(String($0.label.prefix(12))) }.max() ?? 0
    let stride = [1, 2, 5, 10, 20, 50, 100].first { Double($0) * step >= longest + 4 } ?? 100
    var parts: [String] = []
    for (index, slot) in slots.enumerated() where index % stride == 0 {
      let x = Self.left + step * (Double(index) + 0.5)
      parts.append(
        text(String(slot.label.prefix(12)), x: x, y: Self.bottom + 17, anchor: "middle"))
    }
    return parts
  }

  private func width(_ label: String) -> Double { 6.4 * Double(label.count) }

  private func text(
    _ content: String, x: Double, y: Double, anchor: String, guarded: Bool = false
  ) -> String {
    "<text class=\"tick\(guarded ? " guarded" : "")\" x=\"\(fixed(x))\" y=\"\(fixed(y))\""
      + " text-anchor=\"\(anchor)\">\(HTML.escape(content))</text>"
  }

  /// Two decimals: a hundredth of a pixel.
  private func fixed(_ value: Double) -> String {
    "\((value * 100).rounded() / 100)"
  }
}

/// A vertical axis of round shares.
private struct Scale {
  var top: Double
  var ticks: [Double]

  init(peak: Double) {
    let steps = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5]
    let step = steps.first { $0 * 4 >= peak } ?? 0.5
    let count = max(Int((peak / step).rounded(.up)), 1)
    top = step * Double(count)
    ticks = (1...count).map { Double($0) * step }
  }
}
