/// What a field of a FlatBuffers table holds.
public indirect enum FlatBufferField: Sendable {
  /// A scalar inside the table: its little-endian bytes.
  case inline([UInt8])
  /// A vector of scalars of `stride` bytes; `count` is what the file says of their number.
  case vector([UInt8], stride: Int, count: UInt32? = nil)
  /// A vector of tables; `count` is what the file says of their number.
  case tables([FlatBufferFields], count: UInt32? = nil)
  /// A table.
  case table(FlatBufferFields)
  /// An offset as it is, wherever it leads.
  case offset(UInt32)

  /// An unsigned byte.
  public static func byte(_ value: UInt8) -> FlatBufferField { .inline([value]) }
  /// An integer of 16, 32 or 64 bits.
  public static func integer<Integer: FixedWidthInteger>(_ value: Integer) -> FlatBufferField {
    .inline(littleEndian(value))
  }
  /// An integer of 32 bits.
  public static func int32(_ value: Int) -> FlatBufferField { integer(Int32(value)) }
  /// A float.
  public static func float(_ value: Float) -> FlatBufferField { integer(value.bitPattern) }
  /// Text.
  public static func string(_ text: String) -> FlatBufferField {
    .vector(Array(text.utf8), stride: 1)
  }
  /// A vector of integers.
  public static func integers<Integer: FixedWidthInteger>(_ list: [Integer]) -> FlatBufferField {
    .vector(list.flatMap { littleEndian($0) }, stride: Integer.bitWidth / 8)
  }
  /// A vector of floats.
  public static func floats(_ list: [Float]) -> FlatBufferField { integers(list.map(\.bitPattern)) }

  static func littleEndian<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
    (0..<Integer.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Integer(8 * $0)) }
  }
}

/// A table: fields by their number in the schema.
public typealias FlatBufferFields = [Int: FlatBufferField]

/// Writes FlatBuffers files front to back: a table stands before all that it refers to.
public struct FlatBufferWriter: Sendable {
  /// What was written.
  public private(set) var bytes: [UInt8] = []

  /// A file of one root table.
  public init(root: FlatBufferFields, identifier: String) {
    bytes = [0, 0, 0, 0] + Array(identifier.utf8)
    patch(0, with: write(root))
  }

  /// Stores the distance from `position` to `target` there.
  private mutating func patch(_ position: Int, with target: Int) {
    set(position, FlatBufferField.littleEndian(UInt32(target - position)))
  }

  private mutating func set(_ position: Int, _ value: [UInt8]) {
    bytes.replaceSubrange(position..<position + value.count, with: value)
  }

  private mutating func align(_ size: Int) {
    while bytes.count % size != 0 { bytes.append(0) }
  }

  /// Writes a table with all below it; returns where it stands.
  private mutating func write(_ fields: FlatBufferFields) -> Int {
    let slots = (fields.keys.max() ?? -1) + 1
    var places = [Int](repeating: 0, count: slots)
    var size = 4
    for (slot, field) in fields.sorted(by: { $0.key < $1.key }) {
      let width = if case .inline(let value) = field { value.count } else { 4 }
      size = (size + width - 1) / width * width
      places[slot] = size
      size += width
    }
    align(2)
    let virtualTable = bytes.count
    for number in [4 + 2 * slots, size] + places {
      bytes += FlatBufferField.littleEndian(UInt16(number))
    }
    align(8)
    let position = bytes.count
    bytes += [UInt8](repeating: 0, count: size)
    set(position, FlatBufferField.littleEndian(Int32(position - virtualTable)))
    for (slot, field) in fields.sorted(by: { $0.key < $1.key }) {
      let place = position + places[slot]
      switch field {
      case .inline(let value): set(place, value)
      case .offset(let value): set(place, FlatBufferField.littleEndian(value))
      case .table(let inner): patch(place, with: write(inner))
      case .vector(let elements, let stride, let count):
        // The elements are aligned, which stand behind four bytes of count; text ends with a zero.
        align(4)
        while stride == 8 && bytes.count % 8 != 4 { bytes.append(0) }
        patch(place, with: bytes.count)
        bytes += FlatBufferField.littleEndian(count ?? UInt32(elements.count / stride)) + elements
        if stride == 1 { bytes.append(0) }
      case .tables(let list, let count):
        align(4)
        let start = bytes.count
        patch(place, with: start)
        bytes += FlatBufferField.littleEndian(count ?? UInt32(list.count))
        bytes += [UInt8](repeating: 0, count: 4 * list.count)
        for (index, inner) in list.enumerated() {
          patch(start + 4 + 4 * index, with: write(inner))
        }
      }
    }
    return position
  }
}
