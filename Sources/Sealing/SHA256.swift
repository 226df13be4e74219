import CSodium

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
  /// Bytes of a digest.
  public static let size = 32

  /// The 32-byte digest of `bytes`.
  public static func digest(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { digest($0) }
  }

  /// The 32-byte digest of `bytes`.
  public static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finish()
  }
}

/// SHA-256 of bytes that come in parts.
public struct SHA256Hasher: Sendable {
  private var state = crypto_hash_sha256_state()

  /// The hash of nothing so far.
  public init() {
    crypto_hash_sha256_init(&state)
  }

  /// Adds bytes.
  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { buffer in
      _ = crypto_hash_sha256_update(&state, buffer.baseAddress, UInt64(buffer.count))
    }
  }

  /// Adds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    let view = bytes.bindMemory(to: UInt8.self)
    _ = crypto_hash_sha256_update(&state, view.baseAddress, UInt64(view.count))
  }

  /// The 32-byte digest of all bytes added; the hasher may go on.
  public func finish() -> [UInt8] {
    var last = state
    var digest = [UInt8](repeating: 0, count: SHA256.size)
    digest.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      _ = crypto_hash_sha256_final(&last, start)
    }
    return digest
  }
}
