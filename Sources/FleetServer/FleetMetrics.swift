import BundleFormat
import DriftStatistics
public import FleetStore

/// The store's figures in the Prometheus text format, version 0.0.4.
public enum FleetMetrics {
  /// All of them.
  public static func text(_ store: FleetStore) throws(StoreError) -> String {
    let totals = try store.totals()
    let devices = try store.devices()
    var text = ""
    let counters = [
      ("windows_accepted", "Telemetry windows stored.", totals.accepted),
      ("windows_duplicate", "Telemetry windows received again.", totals.duplicates),
      ("windows_forked", "Telemetry windows that contradict a stored history.", totals.forks),
      ("windows_refused", "Telemetry windows kept out.", totals.refused),
    ]
    for (name, help, value) in counters {
      text += header("swiftlet_\(name)_total", help, "counter")
      text += "swiftlet_\(name)_total \(value)\n"
    }
    text += header("swiftlet_devices", "Devices by state.", "gauge")
    for state in FleetDevice.State.allCases {
      let count = devices.filter { $0.state == state }.count
      text += "swiftlet_devices{state=\"\(state.text)\"} \(count)\n"
    }
    text += header("swiftlet_devices_cloned", "Devices whose key signed two histories.", "gauge")
    text += "swiftlet_devices_cloned \(devices.filter(\.isCloned).count)\n"
    text += header(
      "swiftlet_release_drifted", "1 when the release's stream is no longer like its reference.",
      "gauge")
    for release in try store.releases() {
      let judgement = try store.judge(release)
      let manifest = release.manifest
      text +=
        "swiftlet_release_drifted{name=\"\(escape(manifest.name))\","
        + "version=\"\(escape(manifest.version))\",release=\"\(release.hex)\"} "
        + "\(judgement.verdict?.state == .drifted ? 1 : 0)\n"
    }
    return text
  }

  private static func header(_ name: String, _ help: String, _ kind: String) -> String {
    "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
  }

  /// A label's value: backslash, quote and line feed escaped.
  static func escape(_ value: String) -> String {
    var bytes: [UInt8] = []
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes += [0x5c, 0x5c]
      case UInt8(ascii: "\""): bytes += [0x5c, 0x22]
      case 0x0a: bytes += [0x5c, UInt8(ascii: "n")]
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
