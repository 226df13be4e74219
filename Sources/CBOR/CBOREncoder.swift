extension CBORValue {
  /// The one deterministic encoding (RFC 8949 sections 4.2.1 and 4.2.2): shortest heads, definite
  /// lengths, sorted keys, floats in the fewest bits that keep their value, one NaN (F9 7E00).
  public func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    encode(into: &bytes)
    return bytes
  }

  func encode(into bytes: inout [UInt8]) {
    switch self {
    case .unsigned(let value): CBORHead.append(major: 0, value, to: &bytes)
    case .negative(let value): CBORHead.append(major: 1, value, to: &bytes)
    case .bytes(let content):
      CBORHead.append(major: 2, UInt64(content.count), to: &bytes)
      bytes.append(contentsOf: content)
    case .text(let text):
      CBORHead.append(major: 3, UInt64(text.utf8.count), to: &bytes)
      bytes.append(contentsOf: text.utf8)
    case .array(let items):
      CBORHead.append(major: 4, UInt64(items.count), to: &bytes)
      for item in items { item.encode(into: &bytes) }
    case .map(let map):
      CBORHead.append(major: 5, UInt64(map.count), to: &bytes)
      for entry in map.entries {
        bytes.append(contentsOf: entry.encodedKey)
        entry.value.encode(into: &bytes)
      }
    case .tagged(let tag, let content):
      CBORHead.append(major: 6, tag, to: &bytes)
      content.encode(into: &bytes)
    case .bool(let value): bytes.append(value ? 0xf5 : 0xf4)
    case .null: bytes.append(0xf6)
    case .float64(let value): CBORFloat.append(value, to: &bytes)
    }
  }
}

/// The head of an item: major type and argument (RFC 8949 section 3).
enum CBORHead {
  static func append(major: UInt8, _ value: UInt64, to bytes: inout [UInt8]) {
    let type = major << 5
    switch value {
    case 0..<24: bytes.append(type | UInt8(value))
    case 24..<0x100:
      bytes.append(type | 24)
      bytes.append(UInt8(value))
    case 0x100..<0x1_0000: append(type | 25, value, size: 2, to: &bytes)
    case 0x1_0000..<0x1_0000_0000: append(type | 26, value, size: 4, to: &bytes)
    default: append(type | 27, value, size: 8, to: &bytes)
    }
  }

  static func append(_ initial: UInt8, _ value: UInt64, size: Int, to bytes: inout [UInt8]) {
    bytes.append(initial)
    for index in 0..<size {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * (size - 1 - index))))
    }
  }
}

/// Floats in the fewest bits that keep their value. Half precision is taken apart by hand: not
/// every device's compiler runtime converts it.
enum CBORFloat {
  static let canonicalNaN: UInt16 = 0x7e00

  static func append(_ value: Double, to bytes: inout [UInt8]) {
    if value.isNaN {
      CBORHead.append(0xf9, UInt64(canonicalNaN), size: 2, to: &bytes)
      return
    }
    let single = Float(value)
    guard Double(single) == value else {
      CBORHead.append(0xfb, value.bitPattern, size: 8, to: &bytes)
      return
    }
    if let half = half(single) {
      CBORHead.append(0xf9, UInt64(half), size: 2, to: &bytes)
    } else {
      CBORHead.append(0xfa, UInt64(single.bitPattern), size: 4, to: &bytes)
    }
  }

  /// The binary16 pattern of `value` when it is exact.
  static func half(_ value: Float) -> UInt16? {
    let bits = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    let biased = Int(bits >> 23) & 0xff
    let fraction = bits & 0x7f_ffff
    if biased == 0xff { return fraction == 0 ? sign | 0x7c00 : nil }
    if biased == 0 { return fraction == 0 ? sign : nil }
    let exponent = biased - 127
    if exponent > 15 || exponent < -24 { return nil }
    if exponent >= -14 {
      guard fraction & 0x1fff == 0 else { return nil }
      return sign | UInt16((exponent + 15) << 10) | UInt16(fraction >> 13)
    }
    let significand = fraction | 0x80_0000
    let shift = UInt32(-1 - exponent)
    guard significand & ((1 << shift) - 1) == 0 else { return nil }
    return sign | UInt16(significand >> shift)
  }

  /// The value of a binary16 pattern.
  static func double(half: UInt16) -> Double {
    let negative = half & 0x8000 != 0
    let exponent = Int(half >> 10) & 0x1f
    let fraction = Double(half & 0x3ff)
    let magnitude: Double
    if exponent == 0x1f {
      magnitude = half & 0x3ff == 0 ? .infinity : .nan
    } else if exponent == 0 {
      magnitude = fraction * 0x1p-24
    } else {
      let scale = Double(bitPattern: UInt64(exponent - 25 + 1023) << 52)
      magnitude = (fraction + 1024) * scale
    }
    return negative ? -magnitude : magnitude
  }
}
