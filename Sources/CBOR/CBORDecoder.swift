public import Wire

extension CBORValue {
  /// Decodes exactly one item in deterministic encoding, and nothing after it.
  /// - Parameters:
  ///   - depth: the deepest nesting accepted.
  ///   - items: the most items accepted in all.
  public static func decode(
    _ bytes: [UInt8], depth: Int = Limits.depth, items: Int = Limits.items
  ) throws(CBORError) -> CBORValue {
    try bytes.withUnsafeBufferPointer { (buffer) throws(CBORError) -> CBORValue in
      try decode(UnsafeRawBufferPointer(buffer), depth: depth, items: items)
    }
  }

  /// Decodes exactly one item in deterministic encoding, and nothing after it.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, depth: Int = Limits.depth, items: Int = Limits.items
  ) throws(CBORError) -> CBORValue {
    var decoder = CBORDecoder(bytes, depth: depth, items: items)
    let value = try decoder.item()
    guard decoder.position == bytes.count else {
      throw CBORError.trailing(at: decoder.position)
    }
    return value
  }

  /// Decodes the item at the start of `bytes`; `consumed` is its length, and what follows is not
  /// looked at.
  public static func decodePrefix(
    _ bytes: UnsafeRawBufferPointer, depth: Int = Limits.depth, items: Int = Limits.items
  ) throws(CBORError) -> (value: CBORValue, consumed: Int) {
    var decoder = CBORDecoder(bytes, depth: depth, items: items)
    let value = try decoder.item()
    return (value, decoder.position)
  }
}

/// A decoder that accepts only what the encoder writes.
struct CBORDecoder {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position = 0
  private var depthLeft: Int
  private var itemsLeft: Int

  init(_ bytes: UnsafeRawBufferPointer, depth: Int, items: Int) {
    self.bytes = bytes
    depthLeft = depth
    itemsLeft = items
  }

  mutating func item() throws(CBORError) -> CBORValue {
    let start = position
    guard itemsLeft > 0 else { throw CBORError.tooManyItems(at: start) }
    itemsLeft -= 1
    guard start < bytes.count else { throw CBORError.truncated(at: start) }
    let initial = bytes[start]
    let major = initial >> 5
    if major == 7 { return try simple(initial, start) }
    let argument = try argument(initial, start)
    switch major {
    case 0: return .unsigned(argument)
    case 1: return .negative(argument)
    case 2: return .bytes([UInt8](try content(argument, start)))
    case 3:
      let view = try content(argument, start)
      guard UTF8Text.isValid(view) else { throw CBORError.invalidText(at: start) }
      return .text(String(decoding: view, as: UTF8.self))
    case 4: return .array(try array(argument, start))
    case 5: return .map(try map(argument, start))
    default:
      try enter(start)
      let content = try item()
      depthLeft += 1
      return .tagged(argument, content)
    }
  }

  private mutating func enter(_ start: Int) throws(CBORError) {
    guard depthLeft > 0 else { throw CBORError.tooDeep(at: start) }
    depthLeft -= 1
  }

  private mutating func bigEndian(_ size: Int, _ start: Int) throws(CBORError) -> UInt64 {
    guard bytes.count - position >= size else { throw CBORError.truncated(at: start) }
    var value: UInt64 = 0
    for index in 0..<size { value = value << 8 | UInt64(bytes[position + index]) }
    position += size
    return value
  }

  private mutating func argument(_ initial: UInt8, _ start: Int) throws(CBORError) -> UInt64 {
    position += 1
    let value: UInt64
    let lowest: UInt64
    switch initial & 31 {
    case let small where small < 24: return UInt64(small)
    case 24: (value, lowest) = (try bigEndian(1, start), 24)
    case 25: (value, lowest) = (try bigEndian(2, start), 0x100)
    case 26: (value, lowest) = (try bigEndian(4, start), 0x1_0000)
    case 27: (value, lowest) = (try bigEndian(8, start), 0x1_0000_0000)
    case 31: throw CBORError.notDeterministic(at: start)
    default: throw CBORError.unsupported(at: start)
    }
    guard value >= lowest else { throw CBORError.notDeterministic(at: start) }
    return value
  }

  private mutating func content(
    _ length: UInt64, _ start: Int
  ) throws(CBORError) -> UnsafeRawBufferPointer {
    guard let length = Int(exactly: length), length <= bytes.count - position else {
      throw CBORError.truncated(at: start)
    }
    let view = UnsafeRawBufferPointer(rebasing: bytes[position..<(position + length)])
    position += length
    return view
  }

  /// An item takes a byte at least: a count beyond the bytes left is refused before any memory.
  private func checkedCount(
    _ count: UInt64, bytesEach: Int, _ start: Int
  ) throws(CBORError) -> Int {
    guard let count = Int(exactly: count), count <= (bytes.count - position) / bytesEach else {
      throw CBORError.truncated(at: start)
    }
    guard count <= itemsLeft else { throw CBORError.tooManyItems(at: start) }
    return count
  }

  private mutating func array(_ count: UInt64, _ start: Int) throws(CBORError) -> [CBORValue] {
    let count = try checkedCount(count, bytesEach: 1, start)
    try enter(start)
    var items: [CBORValue] = []
    for _ in 0..<count { items.append(try item()) }
    depthLeft += 1
    return items
  }

  private mutating func map(_ count: UInt64, _ start: Int) throws(CBORError) -> CBORMap {
    let count = try checkedCount(count, bytesEach: 2, start)
    try enter(start)
    var entries: [CBORMap.Entry] = []
    for _ in 0..<count {
      let keyStart = position
      let key = try item()
      let encoded = [UInt8](bytes[keyStart..<position])
      if let last = entries.last, !last.encodedKey.lexicographicallyPrecedes(encoded) {
        if last.encodedKey == encoded { throw CBORError.duplicateKey(key.keyText) }
        throw CBORError.notDeterministic(at: keyStart)
      }
      entries.append(CBORMap.Entry(key: key, value: try item(), encodedKey: encoded))
    }
    depthLeft += 1
    return CBORMap(sorted: entries)
  }

  private mutating func simple(_ initial: UInt8, _ start: Int) throws(CBORError) -> CBORValue {
    position += 1
    let value: Double
    switch initial & 31 {
    case 20: return .bool(false)
    case 21: return .bool(true)
    case 22: return .null
    case 25: value = CBORFloat.double(half: UInt16(try bigEndian(2, start)))
    case 26: value = Double(Float(bitPattern: UInt32(try bigEndian(4, start))))
    case 27: value = Double(bitPattern: try bigEndian(8, start))
    case 31: throw CBORError.notDeterministic(at: start)
    default: throw CBORError.unsupported(at: start)
    }
    var canonical: [UInt8] = []
    CBORFloat.append(value, to: &canonical)
    guard canonical.elementsEqual(bytes[start..<position]) else {
      throw CBORError.notDeterministic(at: start)
    }
    return .float64(value)
  }
}
