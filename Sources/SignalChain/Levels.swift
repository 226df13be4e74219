/// How the integers of an input or output lie, and what they mean less their scale.
public struct LevelFormat: Sendable, Equatable {
  /// int16 in the machine's order where true, else int8.
  public let isWide: Bool
  /// The integer that stands for 0.
  public let zeroPoint: Int32

  /// Creates a format.
  public init(isWide: Bool = false, zeroPoint: Int32) {
    self.isWide = isWide
    self.zeroPoint = zeroPoint
  }
}

/// The integers of an input or output, whatever their width.
public struct Levels {
  private let bytes: UnsafeRawBufferPointer
  private let isWide: Bool

  /// Integers of a format.
  public init(_ bytes: UnsafeRawBufferPointer, _ format: LevelFormat) {
    self.bytes = bytes
    isWide = format.isWide
  }

  /// How many there are.
  public var count: Int { isWide ? bytes.count / 2 : bytes.count }

  /// The integer of an element.
  public subscript(position: Int) -> Int32 {
    isWide
      ? Int32(bytes.loadUnaligned(fromByteOffset: 2 &* position, as: Int16.self))
      : Int32(Int8(bitPattern: bytes[position]))
  }
}
