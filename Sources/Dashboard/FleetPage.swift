import DriftStatistics

/// A device as the fleet's page shows it.
public struct DeviceView: Sendable {
  /// SHA-256 of its public key, hexadecimal.
  public var identifier: String
  /// `pending`, `approved` or `revoked`.
  public var state: String
  /// Two histories were signed with its key.
  public var isCloned: Bool
  /// Windows stored.
  public var windows: Int
  /// Windows that never came.
  public var missing: Int
  /// Seconds since 1970.
  public var lastSeen: Int64

  /// Creates a view.
  public init(
    identifier: String, state: String, isCloned: Bool, windows: Int, missing: Int, lastSeen: Int64
  ) {
    self.identifier = identifier
    self.state = state
    self.isCloned = isCloned
    self.windows = windows
    self.missing = missing
    self.lastSeen = lastSeen
  }
}

/// The fleet at a glance: releases with their verdicts, then devices.
public enum FleetPage {
  /// Most devices listed; the rest is counted.
  static let deviceLimit = 200

  /// The page as one HTML document that needs nothing else.
  /// - Parameter link: path of a release's page.
  public static func page(
    releases: [ReleaseView], devices: [DeviceView], link: (ReleaseView) -> String
  ) -> String {
    let drifted = releases.filter { $0.verdict?.state == .drifted }.count
    let pending = devices.filter { $0.state == "pending" }.count
    let title = drifted == 0 ? "Fleet" : "Fleet · \(drifted) drifted"
    var body =
      "<h1>Fleet</h1>\n<p class=\"soft\">\(releases.count) "
      + "\(releases.count == 1 ? "release" : "releases"), \(devices.count) "
      + "\(devices.count == 1 ? "device" : "devices")"
    if pending > 0 { body += ", \(pending) waiting for approval" }
    body += "</p>\n<h2>Releases</h2>\n"
    body +=
      releases.isEmpty
      ? "<p class=\"card\">Nothing is published yet: <code>swiftlet fleet publish --store DIR "
        + "BUNDLE</code></p>\n"
      : releaseTable(releases, link)
    body += "<h2>Devices</h2>\n"
    body +=
      devices.isEmpty
      ? "<p class=\"card\">No device has reported yet.</p>\n" : deviceTable(devices)
    return HTML.page(title: title, body: body)
  }

  private static func releaseTable(
    _ releases: [ReleaseView], _ link: (ReleaseView) -> String
  ) -> String {
    let rows = releases.map { view in
      """
      <tr><td class="wide"><a href="\(HTML.escape(link(view)))"><b>\(HTML.escape(view.name))</b> \
      \(HTML.escape(view.version))</a> <code class="soft">\(HTML.escape(String(view.identifier.prefix(12))))</code>\
      <div class="sentence small soft">\(HTML.escape(view.verdict?.sentence ?? "no telemetry contract"))</div></td>\
      <td data-name="Verdict">\(HTML.chip(view.state, view.style))</td>\
      <td class="number" data-name="Devices">\(view.devices ?? 0)</td>\
      <td class="number" data-name="Windows">\(view.windows)</td>\
      <td data-name="Last window">\(HTML.escape(view.lastEnd.map(Timestamp.text) ?? "none"))</td></tr>
      """
    }
    return """
      <div class="scroll"><table class="stack"><thead><tr><th>Release</th><th>Verdict</th>\
      <th class="number">Devices</th><th class="number">Windows</th><th>Last window</th></tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>

      """
  }

  private static func deviceTable(_ devices: [DeviceView]) -> String {
    let rows = devices.prefix(deviceLimit).map { device in
      let style = ["approved": "good", "pending": "wait", "revoked": "bad"][device.state] ?? ""
      let cloned = device.isCloned ? " " + HTML.chip("cloned key", "bad") : ""
      return """
        <tr><td class="wide"><code>\(HTML.escape(String(device.identifier.prefix(16))))</code>\(cloned)</td>\
        <td data-name="State">\(HTML.chip(device.state, style))</td>\
        <td class="number" data-name="Windows">\(device.windows)</td>\
        <td class="number" data-name="Missing">\(device.missing)</td>\
        <td data-name="Last seen">\(HTML.escape(Timestamp.text(device.lastSeen)))</td></tr>
        """
    }
    let more =
      devices.count > deviceLimit
      ? "<p class=\"soft small\">and \(devices.count - deviceLimit) more</p>\n" : ""
    return """
      <div class="scroll"><table class="stack"><thead><tr><th>Device</th><th>State</th>\
      <th class="number">Windows</th><th class="number">Missing</th><th>Last seen</th></tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
      \(more)
      """
  }
}
