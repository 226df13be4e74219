public import BundleFormat

/// libsodium and libzstd as bundle verification wants them.
public struct SodiumZstd: SealOpener, Sendable {
  /// The opener.
  public init() {}

  /// True when `signature` is that of `message` by the holder of `publicKey`.
  public func verify(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
    Ed25519.verify(signature: signature, message: message, publicKey: publicKey)
  }

  /// 32 bytes.
  public func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { SHA256.digest(bytes) }

  /// The content of one zstd frame of exactly this size, or nil.
  public func decompress(_ frame: UnsafeRawBufferPointer, expectedSize: Int) -> [UInt8]? {
    do throws(SealingError) {
      return try Zstd.decompress(frame, expectedSize: expectedSize)
    } catch {
      return nil
    }
  }
}

extension Ed25519KeyPair: BundleSigner {}
