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

  /// Every name a root has at its top: a folder with others is somebody else's.
  static let names = ["trust", "device.key", "policy", "objects", "models", "lock", "spool"]

  /// True for what a write that was cut short leaves behind.
  static func isTemporary(_ name: String) -> Bool {
    name.utf8.starts(with: ".tmp-".utf8)
  }
}
