import CSodium

/// Why something could not be sealed or opened.
public enum SealingError: Error, Equatable, Sendable {
  /// libsodium found no working random generator.
  case cryptoUnavailable
  /// Not a zstd frame, or a damaged one.
  case notZstd
  /// The frame states another size than the manifest, or none.
  case sizeMismatch(expected: UInt64, found: UInt64)
  /// The frame does not state its size.
  case sizeUnknown
  /// A skippable frame, or bytes after the first frame.
  case notSingleFrame
  /// The frame needs a larger window than the limit.
  case windowTooLarge(bytes: UInt64, limit: UInt64)
  /// A key file that is not one.
  case badKey(KeyFault)

  /// What is wrong with a key file.
  public enum KeyFault: Equatable, Sendable {
    /// Neither first line is known.
    case notAKey
    /// A public key where a secret one is needed.
    case publicWhereSecret
    /// A secret key where a public one is needed.
    case secretWherePublic
    /// The second line is not 64 hexadecimal digits.
    case badDigits
  }

  /// One line for a person.
  public var message: String {
    switch self {
    case .cryptoUnavailable: return "the cryptographic library cannot start: no random generator"
    case .notZstd: return "the section is not an intact zstd frame"
    case .sizeMismatch(let expected, let found):
      return "the frame holds \(found) bytes where \(expected) were stated"
    case .sizeUnknown: return "the frame does not state its size"
    case .notSingleFrame: return "the section is not exactly one zstd frame"
    case .windowTooLarge(let bytes, let limit):
      return "the frame needs a window of \(bytes) bytes, more than the \(limit) allowed"
    case .badKey(.notAKey): return "not a swiftlet key file"
    case .badKey(.publicWhereSecret): return "this is a public key; the secret key is needed"
    case .badKey(.secretWherePublic):
      return "this is a secret key; give the public one (KEY.pub)"
    case .badKey(.badDigits): return "damaged key file: 64 hexadecimal digits expected on line 2"
    }
  }
}

/// The cryptographic library.
public enum Crypto {
  /// Starts libsodium; must have been called before anything else of this module is. Calling it
  /// again is harmless.
  public static func initialize() throws(SealingError) {
    guard sodium_init() >= 0 else { throw SealingError.cryptoUnavailable }
  }
}

/// Random bytes for keys and nonces, from the system through libsodium.
public enum SecureRandom {
  /// `count` bytes.
  public static func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.withUnsafeMutableBytes { buffer in
      guard let start = buffer.baseAddress else { return }
      randombytes_buf(start, buffer.count)
    }
    return bytes
  }
}
