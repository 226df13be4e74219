import BundleFormat
import Dashboard
public import FleetStore

/// The store's content as pages.
public struct FleetPages {
  let store: FleetStore

  /// Pages of a store.
  public init(store: FleetStore) { self.store = store }

  /// The first page.
  public func fleet() throws(StoreError) -> String {
    var releases: [ReleaseView] = []
    for release in try store.releases() { releases.append(view(try store.judge(release))) }
    let devices = try store.devices().map { device in
      DeviceView(
        identifier: device.hex, state: device.state.text, isCloned: device.isCloned,
        windows: device.windows, missing: device.missing, lastSeen: device.lastSeen)
    }
    return FleetPage.page(
      releases: releases, devices: devices, link: { "/release/\($0.identifier.prefix(16))" })
  }

  /// A release's page.
  public func release(_ release: PublishedRelease) throws(StoreError) -> String {
    DriftReport.page(view(try store.judge(release)), home: "/")
  }

  private func view(_ judgement: ReleaseJudgement) -> ReleaseView {
    let manifest = judgement.release.manifest
    var view = ReleaseView(
      name: manifest.name, version: manifest.version, sequence: manifest.sequence,
      identifier: judgement.release.hex, contract: manifest.telemetry,
      reference: judgement.release.reference, verdict: judgement.verdict, live: judgement.live,
      devices: judgement.devices, windows: judgement.windows)
    view.pendingWindows = judgement.pendingWindows
    view.firstStart = judgement.firstStart
    view.lastEnd = judgement.lastEnd
    view.driftedSince = judgement.driftedSince
    return view
  }
}
