import DriftStatistics

/// A release's page: the verdict, then the evidence.
public enum DriftReport {
  /// The page as one HTML document that needs nothing else.
  /// - Parameter home: link back to the fleet's page, nil for a page that stands alone.
  public static func page(_ view: ReleaseView, home: String? = nil) -> String {
    var body = ""
    if let home {
      body += "<p class=\"small\"><a href=\"\(HTML.escape(home))\">← Fleet</a></p>\n"
    }
    body +=
      "<h1>\(HTML.escape(view.name)) <span class=\"soft\">\(HTML.escape(view.version))</span></h1>\n"
      + "<p class=\"soft small\">release <code>\(HTML.escape(view.identifier))</code></p>\n"
    body += banner(view) + facts(view) + evidence(view)
    return HTML.page(title: "\(view.name) \(view.version) · \(view.state)", body: body)
  }

  private static func banner(_ view: ReleaseView) -> String {
    guard let verdict = view.verdict else {
      return """
        <section class="card verdict"><p class="state">Not measured</p>
        <p class="sentence">This release was packed without data, so it has no telemetry contract.
        Pack it with --calibration or --reference data to have it watched.</p></section>

        """
    }
    var note = HTML.escape(verdict.promise.text)
    if let since = view.driftedSince {
      note = "since \(HTML.escape(Timestamp.text(since))) · " + note
    }
    return """
      <section class="card verdict \(view.style)">
      <p class="state">\(HTML.escape(capitalized(verdict.state.text)))</p>
      <p class="sentence">\(HTML.escape(withoutState(verdict)))</p>
      <p class="small soft">\(probability(verdict.probability, verdict.probabilityIsBound)) · \
      alarm at p ≤ \(DecimalText.significant(verdict.alarmRate)) · \(note)</p>
      </section>

      """
  }

  private static func capitalized(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  /// The state stands above in large letters already.
  private static func withoutState(_ verdict: Verdict) -> String {
    let start = verdict.state.text + ": "
    return verdict.sentence.hasPrefix(start)
      ? String(verdict.sentence.dropFirst(start.count)) : verdict.sentence
  }

  private static func facts(_ view: ReleaseView) -> String {
    var facts: [(String, String)] = []
    if let devices = view.devices { facts.append(("\(devices)", "devices")) }
    facts.append(("\(view.windows)", "windows judged"))
    if view.pendingWindows > 0 {
      facts.append(("\(view.pendingWindows)", "windows not approved"))
    }
    if let live = view.live { facts.append(("\(live.items)", "items")) }
    if let reference = view.reference { facts.append(("\(reference.items)", "reference items")) }
    facts.append(("\(view.sequence)", "sequence"))
    if let first = view.firstStart, let last = view.lastEnd {
      facts.append((Timestamp.day(first), "first window"))
      facts.append((Timestamp.day(last), "last window"))
    }
    let cells = facts.map {
      "<div><b>\(HTML.escape($0.0))</b><span>\(HTML.escape($0.1))</span></div>"
    }
    return "<section class=\"facts\">\(cells.joined())</section>\n"
  }

  private static func evidence(_ view: ReleaseView) -> String {
    guard let verdict = view.verdict, let contract = view.contract, let live = view.live,
      let reference = view.reference
    else { return "" }
    let sorted = verdict.taps.sorted { left, right in
      if left.adjustedProbability != right.adjustedProbability {
        return left.adjustedProbability < right.adjustedProbability
      }
      return left.chiSquare > right.chiSquare
    }
    let cards = sorted.map { tap in
      card(
        tap, contract.taps[tap.index],
        DriftSVG.histogram(
          tap: contract.taps[tap.index], reference: reference.taps[tap.index],
          live: live.taps[tap.index]), isEnough: verdict.state != .notEnoughData)
    }
    return """
      <h2>Evidence, strongest first</h2>
      <p class="legend"><span><i class="live"></i>live, share of items per bin</span>\
      <span><i class="reference"></i>reference</span>\
      <span><i class="guard"></i>beyond the reference’s range</span></p>
      <section class="taps">\(cards.joined(separator: "\n"))</section>

      """
  }

  private static func card(
    _ verdict: TapVerdict, _ tap: Tap, _ picture: String, isEnough: Bool
  ) -> String {
    let chip =
      !isEnough
      ? HTML.chip("too few", "wait")
      : verdict.alarmed ? HTML.chip("drifted", "bad") : HTML.chip("quiet", "good")
    let unit = tap.unit.isEmpty ? "" : " <span class=\"soft small\">\(HTML.escape(tap.unit))</span>"
    var numbers = [
      "<span>\(probability(verdict.adjustedProbability, verdict.adjustedIsBound, strong: true))</span>"
    ]
    if tap.categories.isEmpty {
      numbers.append(
        "<span>shift <b>\(DecimalText.significant(verdict.shift, digits: 2)) σ</b></span>")
    }
    numbers.append(
      "<span>PSI <b>\(DecimalText.significant(verdict.stabilityIndex, digits: 2))</b></span>")
    return """
      <article class="card tap"><header><h3>\(HTML.escape(tap.name))\(unit)</h3>\(chip)</header>
      \(picture)
      <p class="sentence">\(HTML.escape(verdict.sentence))</p>
      <p class="numbers">\(numbers.joined())</p></article>
      """
  }

  private static func probability(_ value: Double, _ isBound: Bool, strong: Bool = false) -> String
  {
    let number = DecimalText.significant(value, digits: 2)
    return "p \(isBound ? "&lt;" : "=") " + (strong ? "<b>\(number)</b>" : number)
  }
}
