/// Joins the assessments of the merged counts and of each window to a verdict.
struct VerdictBuilder {
  let contract: TelemetryContract
  let reference: ReferenceStatistics
  let cells: [Cells]
  let merged: WindowCounts
  let whole: Assessment
  let parts: [Assessment?]
  let minimum: UInt32

  func verdict() -> Verdict {
    let enough = merged.items >= minimum
    let overall = combined(whole.family) { $0.family }
    let drifted = enough && overall.value <= contract.alarmRate
    let since = parts.firstIndex { part in
      guard let part else { return false }
      return part.family.value <= contract.alarmRate
    }
    var verdict = Verdict(
      state: !enough ? .notEnoughData : drifted ? .drifted : .quiet,
      probability: overall.value, probabilityIsBound: overall.isBound,
      alarmRate: contract.alarmRate, promise: promise, items: merged.items,
      minimumItems: minimum, windows: parts.count, since: drifted ? since : nil, taps: [],
      sentence: "")
    for index in contract.taps.indices {
      verdict.taps.append(tap(index, enough: enough, since: verdict.since))
    }
    verdict.sentence = sentence(verdict)
    return verdict
  }

  /// 2·min(p of the merged counts, m · smallest p of a window), for one window its own p.
  private func combined(
    _ merged: Assessment.Probability, _ part: (Assessment) -> Assessment.Probability
  ) -> Assessment.Probability {
    guard parts.count > 1 else { return merged }
    var smallest = Assessment.Probability.certain
    for window in parts {
      if let window { smallest = Assessment.Probability.lower(smallest, part(window)) }
    }
    return Assessment.Probability.lower(merged, smallest.times(Double(parts.count))).times(2)
  }

  private var promise: Verdict.Promise {
    let splits = parts.count > 1 ? 2.0 : 1.0
    if reference.null.floor * splits / Assessment.chiSquareShare > contract.alarmRate {
      return .belowResolution
    }
    let needed = UInt64(merged.items) * 100
    return UInt64(reference.items) >= needed ? .perBundle : .averageOverReferences
  }

  private func tap(_ index: Int, enough: Bool, since: Int?) -> TapVerdict {
    let tap = contract.taps[index]
    let result = whole.taps[index]
    let adjusted = combined(result.adjusted) { $0.taps[index].adjusted }
    let counts = merged.taps[index]
    let before = DisplayedCounts(reference.taps[index], of: tap)
    let now = DisplayedCounts(counts, of: tap)
    let comparable = tap.categories.isEmpty && before.deviation > 0 && merged.items > 0
    var verdict = TapVerdict(
      name: tap.name, unit: tap.unit, index: index, chiSquare: result.chiSquare,
      probability: result.own.value, probabilityIsBound: result.own.isBound,
      adjustedProbability: adjusted.value, adjustedIsBound: adjusted.isBound,
      alarmed: enough && adjusted.value <= contract.alarmRate,
      guardProbability: result.guardTail, below: counts.below, above: counts.above,
      unseen: cells[index].unseen(counts.bins),
      shift: comparable ? (now.mean - before.mean) / before.deviation : 0,
      reference: before, live: now,
      stabilityIndex: PopulationStability.index(
        live: counts.bins, reference: reference.taps[index].bins), sentence: "")
    let wording = TapWording(
      tap: tap, verdict: verdict, byGuard: result.byGuard, items: merged.items,
      live: counts, reference: reference.taps[index], referenceItems: reference.items)
    verdict.sentence = wording.sentence()
    if verdict.alarmed, let since, parts.count > 1 {
      verdict.sentence += ", since window \(since + 1) of \(parts.count)"
    }
    return verdict
  }

  private func sentence(_ verdict: Verdict) -> String {
    let windows = verdict.windows == 1 ? "1 window" : "\(verdict.windows) windows"
    switch verdict.state {
    case .notEnoughData:
      return "not enough data: \(verdict.items) items, \(verdict.minimumItems) needed"
    case .quiet:
      return "quiet: \(verdict.items) items in \(windows) look like the reference, "
        + probabilityText(verdict.probability, isBound: verdict.probabilityIsBound)
    case .drifted:
      var strongest: TapVerdict?
      var alarmed = 0
      for tap in verdict.taps where tap.alarmed {
        alarmed += 1
        guard let best = strongest else {
          strongest = tap
          continue
        }
        if outranks(tap, best) { strongest = tap }
      }
      guard let strongest else { return "drifted" }
      let more = alarmed > 1 ? " (and \(alarmed - 1) more)" : ""
      return "drifted: " + strongest.sentence + more
    }
  }

  /// Smaller p first; equal p (both at the null's resolution): the larger X² per bin.
  private func outranks(_ left: TapVerdict, _ right: TapVerdict) -> Bool {
    if left.adjustedProbability != right.adjustedProbability {
      return left.adjustedProbability < right.adjustedProbability
    }
    let leftCells = Double(max(cells[left.index].reference.count, 1))
    let rightCells = Double(max(cells[right.index].reference.count, 1))
    return left.chiSquare / leftCells > right.chiSquare / rightCells
  }
}

/// `p = 0.031`, or `p < 0.0002` where the null's resolution ends. A bound is rounded up.
func probabilityText(_ value: Double, isBound: Bool) -> String {
  guard isBound else { return "p = " + DecimalText.significant(value, digits: 2) }
  var unit = 1.0
  while unit > value { unit /= 10 }
  var rounded = unit
  while rounded < value { rounded += unit / 10 }
  return "p < " + DecimalText.significant(rounded, digits: 2)
}

/// Puts one tap's change in words.
struct TapWording {
  let tap: Tap
  let verdict: TapVerdict
  let byGuard: Bool
  let items: UInt32
  let live: TapCounts
  let reference: TapCounts
  let referenceItems: UInt32

  func sentence() -> String {
    let ending =
      ", "
      + probabilityText(verdict.adjustedProbability, isBound: verdict.adjustedIsBound)
    guard items > 0, referenceItems > 0 else { return tap.name + ": no items" }
    if byGuard, let text = guardText() { return tap.name + text + ending }
    if !tap.categories.isEmpty { return tap.name + categoryText() + ending }
    return tap.name + changeText() + ending
  }

  private var unit: String { tap.unit.utf8.isEmpty ? "" : " (" + tap.unit + ")" }

  private func guardText() -> String? {
    let highest = displayed(tap.highest)
    let lowest = displayed(tap.lowest)
    let largest = max(verdict.below, verdict.above, verdict.unseen)
    guard largest > 0 else { return nil }
    if tap.categories.isEmpty, verdict.above == largest {
      let side =
        tap.displayScale < 0 ? "below the reference's lowest " : "above the reference's highest "
      return ": \(verdict.above) of \(items) items " + side + highest + unit
    }
    if tap.categories.isEmpty, verdict.below == largest {
      let side =
        tap.displayScale < 0 ? "above the reference's highest " : "below the reference's lowest "
      return ": \(verdict.below) of \(items) items " + side + lowest + unit
    }
    return ": \(verdict.unseen) of \(items) items where the reference has none"
  }

  private func displayed(_ value: Int32) -> String {
    let scaled = tap.displayScale * Double(value)
    return DecimalText.significant(tap.displayOffset + scaled)
  }

  private func categoryText() -> String {
    var best = 0
    var largest = -1.0
    for bin in 0..<min(live.bins.count, reference.bins.count) {
      let difference = share(live, bin, items) - share(reference, bin, referenceItems)
      let size = difference < 0 ? -difference : difference
      if size > largest {
        largest = size
        best = bin
      }
    }
    let before = share(reference, best, referenceItems)
    let now = share(live, best, items)
    let name = best < tap.categories.count ? tap.categories[best] : "\(best)"
    let verb = now >= before ? " rose from " : " fell from "
    return " · share of " + name + verb + DecimalText.percent(before) + " to "
      + DecimalText.percent(now)
  }

  private func share(_ counts: TapCounts, _ bin: Int, _ items: UInt32) -> Double {
    Double(counts.bins[bin]) / Double(items)
  }

  /// The mean when it moved by more than three standard errors, else the spread when it changed
  /// by a tenth, else the shape.
  private func changeText() -> String {
    let error = (1 / Double(items) + 1 / Double(referenceItems)).squareRoot()
    let size = verdict.shift < 0 ? -verdict.shift : verdict.shift
    let before = verdict.reference
    let now = verdict.live
    if size > 3 * error {
      return (verdict.shift > 0 ? " rose from " : " fell from ")
        + fromTo(before.mean, now.mean) + unit
    }
    if now.deviation > before.deviation * 1.1 {
      return " spread widened from " + fromTo(before.deviation, now.deviation) + unit
    }
    if now.deviation * 1.1 < before.deviation {
      return " spread narrowed from " + fromTo(before.deviation, now.deviation) + unit
    }
    let changed = verdict.alarmed ? " changed shape around " : " stayed around "
    return changed + DecimalText.significant(before.mean) + unit
  }

  private func fromTo(_ before: Double, _ now: Double) -> String {
    var digits = 2
    while digits < 6 {
      let left = DecimalText.significant(before, digits: digits)
      let right = DecimalText.significant(now, digits: digits)
      if !left.utf8.elementsEqual(right.utf8) { return left + " to " + right }
      digits += 1
    }
    return DecimalText.significant(before, digits: 6) + " to "
      + DecimalText.significant(now, digits: 6)
  }
}
