import System
import Wire

/// Where things stand in a device root.
struct RootLayout {
  let path: String

  var trust: String { Path.join(path, "trust") }
  var deviceKey: String { Path.join(path, "device.key") }
  var policy: String { Path.join(path, "policy") }
  var objects: String { Path.join(path, "objects") }
  var models: String { Path.join(path, "models") }
  var lock: String { Path.join(path, "lock") }
  var spool: String { Path.join(path, "spool") }

  func trustedKey(_ identifier: [UInt8]) -> String {
    Path.join(trust, Hex.encode(identifier) + ".pub")
  }

  func object(_ digest: [UInt8]) -> String { Path.join(objects, Hex.encode(digest)) }

  func model(_ name: String) -> String { Path.join(models, name) }

  func state(_ name: String) -> String { Path.join(model(name), "state") }

  /// True for a name a root has at its top: a folder with others is somebody else's.
  ///
  /// Compares bytes with the paths above: a constant array of names with `contains` crashed the
  /// Embedded build for arm64 (Swift 6.3.1).
  func owns(_ name: String) -> Bool {
    let full = Path.join(path, name)
    for own in [trust, deviceKey, policy, objects, models, lock, spool]
    where own.utf8.elementsEqual(full.utf8) {
      return true
    }
    return false
  }

  /// True for what a write that was cut short leaves behind.
  static func isTemporary(_ name: String) -> Bool {
    name.utf8.starts(with: ".tmp-".utf8)
  }
}
