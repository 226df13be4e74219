public import COSE

/// The crypto and decompression verification needs, injected: this module has no library under it.
public protocol SealOpener: SignatureVerifier {
  /// 32 bytes.
  func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8]
  /// The content of a zstd frame that states exactly this size, or nil. Never grows past it.
  func decompress(_ frame: UnsafeRawBufferPointer, expectedSize: Int) -> [UInt8]?
}

/// Whose word counts.
public struct TrustPolicy: Sendable, Equatable {
  /// Public keys, 32 bytes each; one of them must have signed.
  public var keys: [[UInt8]]
  /// True where bundles signed with a development key may run: on the host they were made on.
  public var allowsDevelopment: Bool

  /// Creates a policy.
  public init(keys: [[UInt8]], allowsDevelopment: Bool = false) {
    self.keys = keys
    self.allowsDevelopment = allowsDevelopment
  }
}
