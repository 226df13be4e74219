/// UTF-8 as RFC 3629 defines it: no overlong form, no surrogate, nothing over U+10FFFF.
public enum UTF8Text {
  /// True when all of `bytes` is UTF-8.
  public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < bytes.count {
      let length = sequenceLength(bytes, index)
      if length == 0 { return false }
      index += length
    }
    return true
  }

  /// True when all of `bytes` is UTF-8.
  public static func isValid(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { isValid($0) }
  }

  /// The length of the well-formed sequence at `index` (RFC 3629 section 4), 0 for none.
  private static func sequenceLength(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Int {
    let first = bytes[index]
    if first < 0x80 { return 1 }
    let length: Int
    var lowest: UInt8 = 0x80
    var highest: UInt8 = 0xbf
    switch first {
    case 0xc2...0xdf: length = 2
    case 0xe0...0xef:
      length = 3
      if first == 0xe0 { lowest = 0xa0 }
      if first == 0xed { highest = 0x9f }
    case 0xf0...0xf4:
      length = 4
      if first == 0xf0 { lowest = 0x90 }
      if first == 0xf4 { highest = 0x8f }
    default: return 0
    }
    guard bytes.count - index >= length else { return 0 }
    let second = bytes[index + 1]
    guard second >= lowest, second <= highest else { return 0 }
    for offset in 2..<max(length, 2) where bytes[index + offset] & 0xc0 != 0x80 { return 0 }
    return length
  }
}
