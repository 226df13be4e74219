import Dashboard
import DriftStatistics
import FleetServer
import FleetStore
import Foundation
import TestSupport
import Testing
import Wire

@Suite struct PageTests {
  @Test func everyTextIsEscaped() throws {
    #expect(HTML.escape("<a href='x'>&\"\u{0}") == "&lt;a href=&#39;x&#39;&gt;&amp;&quot;")
    let fleet = try Fleet()
    _ = try fleet.store.ingest(try fleet.device(50, windows: 8, shift: 2).batch(), now: 1)
    try fleet.store.approve("all")
    let page = try FleetPages(store: fleet.store).release(fleet.release)
    #expect(!page.contains("<script"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(page.contains("bolt &amp; nut"))
  }

  @Test func pagesNeedNothingElse() throws {
    let fleet = try Fleet()
    _ = try fleet.store.ingest(try fleet.device(51, windows: 8).batch(), now: 1)
    for page in [
      try FleetPages(store: fleet.store).fleet(),
      try FleetPages(store: fleet.store).release(fleet.release),
    ] {
      for forbidden in ["http://", "https://", "<link", "<img", "url(", "@import", "onclick"] {
        #expect(!page.contains(forbidden), "\(forbidden)")
      }
      #expect(page.contains("prefers-color-scheme: dark"))
    }
  }

  /// The report of `swiftlet drift --html`: no store, only a bundle's parts and windows.
  @Test func reportStandsAlone() throws {
    let sample = try #require(SampleRelease.shared)
    var stream = SampleStream(generator: SplitMix64(seed: 4))
    let windows = (0..<6).map { _ in sample.window(&stream, shift: 2) }
    let verdict = try Verdict.evaluate(
      contract: sample.contract, reference: sample.reference, windows: windows)
    let view = ReleaseView(
      name: "bolts", version: "1.2.0", sequence: 7, identifier: "abc", contract: sample.contract,
      reference: sample.reference, verdict: verdict,
      live: try WindowCounts.merged(windows, of: sample.contract), devices: nil, windows: 6)
    let page = DriftReport.page(view)
    #expect(page.contains("Drifted") && page.contains("image · mean: "))
    #expect(page.components(separatedBy: "<svg").count == 4)
    #expect(!page.contains("href"))
  }

  /// Bar heights are the shares of the items; guards have slots of their own.
  @Test func histogramDrawsCounts() throws {
    let tap = Tap(
      name: "t", unit: "V", stage: .input, source: 0, function: .sum(channel: 0),
      displayScale: 0.5, displayOffset: 0, edges: [10, 20], lowest: 0, highest: 40, categories: [])
    let svg = DriftSVG.histogram(
      tap: tap, reference: TapCounts(bins: [10, 10, 20], below: 0, above: 0),
      live: TapCounts(bins: [5, 3, 2], below: 4, above: 0))
    #expect(svg.contains("<title>0 to 5 V: 1 items, 10 %; reference 25 %</title>"), "\(svg)")
    #expect(svg.contains("<title>below 0 V: 4 items, 40 %; reference 0 %</title>"), "\(svg)")
    #expect(svg.contains(">4 below 0<"))
    #expect(svg.contains("<title>10 to 20 V: 2 items, 20 %; reference 50 %</title>"), "\(svg)")
  }

  @Test func metricsAreWhatPrometheusReads() throws {
    let fleet = try Fleet()
    let batch = try fleet.device(52, windows: 8, shift: 3).batch()
    _ = try fleet.store.ingest(batch, now: 1)
    _ = try fleet.store.ingest(batch, now: 1)
    try fleet.store.approve("all")
    let text = try FleetMetrics.text(fleet.store)
    #expect(text.contains("\nswiftlet_windows_accepted_total 8\n"))
    #expect(text.contains("\nswiftlet_windows_duplicate_total 8\n"))
    #expect(text.contains("swiftlet_devices{state=\"approved\"} 1\n"))
    #expect(
      text.contains("name=\"bolts\",version=\"1.2.0\",release=\"\(fleet.release.hex)\"} 1\n"))
    let promtool = "/usr/bin/promtool"
    guard Tool.isInstalled(promtool) else { return }
    let outcome = try Tool.run(path: promtool, ["check", "metrics"], input: Array(text.utf8))
    #expect(outcome.code == 0, "\(outcome.errorText)")
    #expect(outcome.errorText.isEmpty, "\(outcome.errorText)")
  }
}
