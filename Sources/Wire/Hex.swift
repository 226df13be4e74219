/// Hexadecimal text.
public enum Hex {
  /// Two lower-case digits a byte.
  public static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      text.append(digit(byte >> 4))
      text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of an even number of digits of either case; throws ``WireError/invalidHex(at:)``.
  public static func decode(_ text: String) throws(WireError) -> [UInt8] {
    var bytes: [UInt8] = []
    var high: UInt8?
    var index = 0
    for character in text.utf8 {
      guard let value = value(of: character) else { throw WireError.invalidHex(at: index) }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
      index += 1
    }
    guard high == nil else { throw WireError.invalidHex(at: index) }
    return bytes
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? 0x30 + value : 0x61 + value - 10
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case 0x30...0x39: return character - 0x30
    case 0x41...0x46: return character - 0x41 + 10
    case 0x61...0x66: return character - 0x61 + 10
    default: return nil
    }
  }
}
