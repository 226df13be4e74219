import Wire

/// The two key files: a line saying what it is, and 32 bytes in hexadecimal.
public enum KeyFile {
  /// The largest key file worth reading, bytes.
  public static let sizeLimit = 4096
  /// Permission bits of a secret key file.
  public static let secretMode: UInt32 = 0o600

  private static let secretLine = "swiftlet-secret-key ed25519"
  private static let publicLine = "swiftlet-public-key ed25519"

  /// What a key is called: the first 16 bytes of the SHA-256 of its public half.
  public static func keyIdentifier(_ publicKey: [UInt8]) -> [UInt8] {
    Array(SHA256.digest(publicKey).prefix(16))
  }

  /// The content of `KEY`.
  public static func printSecret(_ pair: Ed25519KeyPair) -> [UInt8] {
    Array("\(secretLine)\n\(Hex.encode(pair.seed))\n".utf8)
  }

  /// The content of `KEY.pub`.
  public static func printPublic(_ publicKey: [UInt8]) -> [UInt8] {
    Array("\(publicLine)\n\(Hex.encode(publicKey))\n".utf8)
  }

  /// Reads a secret key file.
  public static func parseSecret(_ bytes: [UInt8]) throws(SealingError) -> Ed25519KeyPair {
    let lines = lines(bytes)
    guard let first = lines.first else { throw SealingError.badKey(.notAKey) }
    if first.elementsEqual(publicLine.utf8) { throw SealingError.badKey(.publicWhereSecret) }
    guard first.elementsEqual(secretLine.utf8) else { throw SealingError.badKey(.notAKey) }
    guard let pair = Ed25519KeyPair(seed: try digits(lines)) else {
      throw SealingError.badKey(.badDigits)
    }
    return pair
  }

  /// Reads a public key file: the 32 bytes.
  public static func parsePublic(_ bytes: [UInt8]) throws(SealingError) -> [UInt8] {
    let lines = lines(bytes)
    guard let first = lines.first else { throw SealingError.badKey(.notAKey) }
    if first.elementsEqual(secretLine.utf8) { throw SealingError.badKey(.secretWherePublic) }
    guard first.elementsEqual(publicLine.utf8) else { throw SealingError.badKey(.notAKey) }
    return try digits(lines)
  }

  /// Lines without their ends (LF or CR LF) and without empty ones at the end.
  private static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
    var lines = bytes.prefix(sizeLimit).split(separator: 0x0a, omittingEmptySubsequences: false)
      .map { line in Array(line.last == 0x0d ? line.dropLast() : line) }
    while let last = lines.last, last.isEmpty { lines.removeLast() }
    return lines
  }

  private static func digits(_ lines: [[UInt8]]) throws(SealingError) -> [UInt8] {
    guard lines.count == 2, lines[1].count == 64 else { throw SealingError.badKey(.badDigits) }
    do throws(WireError) {
      return try Hex.decode(String(decoding: lines[1], as: UTF8.self))
    } catch {
      throw SealingError.badKey(.badDigits)
    }
  }
}
