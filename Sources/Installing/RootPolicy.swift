import CBOR
public import Kernels

/// What the owner of a device allows.
public struct RootPolicy: Sendable, Equatable {
  /// True where bundles signed with a development key may run.
  public var allowsDevelopment: Bool
  /// Bytes that all active models together may hold at once; nil for no limit.
  public var memoryLimit: UInt64?
  /// Which kernels models are prepared for.
  public var preference: KernelPreference

  /// Creates a policy.
  public init(
    allowsDevelopment: Bool = false, memoryLimit: UInt64? = nil,
    preference: KernelPreference = .speed
  ) {
    self.allowsDevelopment = allowsDevelopment
    self.memoryLimit = memoryLimit
    self.preference = preference
  }

  static let sizeLimit = 4096

  func encoded() -> [UInt8] {
    var map: CBORMap = ["schema": .unsigned(1), "development": .bool(allowsDevelopment)]
    if let memoryLimit { map["memory_bytes"] = .unsigned(memoryLimit) }
    if preference != .speed { map["prefer"] = .text(preference.rawValue) }
    return CBORValue.map(map).encoded()
  }

  init(decoding bytes: [UInt8]) throws(CBORError) {
    let record = try CBORRecord(try CBORValue.decode(bytes, depth: 2, items: 16), path: "policy")
    try record.expectOnly(["schema", "development", "memory_bytes", "prefer"])
    guard try record.unsigned(at: "schema") == 1 else {
      throw CBORError.outOfRange(path: "policy.schema")
    }
    allowsDevelopment = try record.bool(at: "development")
    memoryLimit = record.has("memory_bytes") ? try record.unsigned(at: "memory_bytes") : nil
    let name =
      record.has("prefer") ? try record.text(at: "prefer") : KernelPreference.speed.rawValue
    guard let preference = KernelPreference(rawValue: name) else {
      throw CBORError.outOfRange(path: "policy.prefer")
    }
    self.preference = preference
  }
}
