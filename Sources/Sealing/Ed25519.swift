public import COSE
import CSodium

/// Ed25519 (RFC 8032, pure).
public enum Ed25519 {
  /// Bytes of a seed, the secret part of a key.
  public static let seedSize = 32
  /// Bytes of a public key.
  public static let publicKeySize = 32
  /// Bytes of a signature.
  public static let signatureSize = 64

  /// True when `signature` is that of `message` by the holder of `publicKey`. libsodium refuses
  /// small-order keys and non-canonical signatures.
  public static func verify(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
    guard signature.count == signatureSize, publicKey.count == publicKeySize else { return false }
    return message.withUnsafeBufferPointer { content in
      crypto_sign_ed25519_verify_detached(
        signature, content.baseAddress, UInt64(content.count), publicKey) == 0
    }
  }
}

/// A secret key and its public half. The secret is wiped when the last reference goes.
public final class Ed25519KeyPair: SignatureSigner {
  /// 32 bytes.
  public let publicKey: [UInt8]
  private let secret: UnsafeMutableBufferPointer<UInt8>
  private static let secretSize = 64

  /// The key of a 32-byte seed; nil for another length.
  public init?(seed: [UInt8]) {
    guard seed.count == Ed25519.seedSize else { return nil }
    let secret = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: Self.secretSize)
    secret.initialize(repeating: 0)
    self.secret = secret
    var publicKey = [UInt8](repeating: 0, count: Ed25519.publicKeySize)
    publicKey.withUnsafeMutableBufferPointer { target in
      guard let start = target.baseAddress, let hidden = secret.baseAddress else { return }
      _ = crypto_sign_ed25519_seed_keypair(start, hidden, seed)
    }
    self.publicKey = publicKey
  }

  /// A new key from the system's random generator.
  public static func generate() throws(SealingError) -> Ed25519KeyPair {
    try Crypto.initialize()
    guard let pair = Ed25519KeyPair(seed: SecureRandom.bytes(Ed25519.seedSize)) else {
      throw SealingError.cryptoUnavailable
    }
    return pair
  }

  deinit {
    if let start = secret.baseAddress { sodium_memzero(start, secret.count) }
    secret.deallocate()
  }

  /// The 32-byte seed.
  public var seed: [UInt8] { Array(secret.prefix(Ed25519.seedSize)) }

  /// The key's identifier: see ``KeyFile/keyIdentifier(_:)``.
  public var keyIdentifier: [UInt8] { KeyFile.keyIdentifier(publicKey) }

  /// The 64-byte signature of `message`.
  public func sign(_ message: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: Ed25519.signatureSize)
    signature.withUnsafeMutableBufferPointer { target in
      guard let start = target.baseAddress, let hidden = secret.baseAddress else { return }
      message.withUnsafeBufferPointer { content in
        _ = crypto_sign_ed25519_detached(
          start, nil, content.baseAddress, UInt64(content.count), hidden)
      }
    }
    return signature
  }
}

/// Ed25519 through libsodium, for whoever takes an injected verifier.
public struct SodiumVerifier: SignatureVerifier, Sendable {
  /// The verifier.
  public init() {}

  /// True when `signature` is that of `message` by the holder of `publicKey`.
  public func verify(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
    Ed25519.verify(signature: signature, message: message, publicKey: publicKey)
  }
}
