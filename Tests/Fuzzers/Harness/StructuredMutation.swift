import Importers
package import Wire

/// Changes that keep a model's structure whole, so that they reach what lies behind the reader.
package enum StructuredMutation {
  private static let numbers: [UInt64] = [
    0, 1, 2, 3, 4, 7, 8, 16, 255, 256, 65535, 65536, 1 << 24, 1 << 28, 1 << 31, 1 << 32, 1 << 40,
    1 << 62, .max, .max - 1, .max - 2, UInt64(bitPattern: .min), UInt64(bitPattern: .max),
  ]

  private static func number(_ random: inout SplitMix64) -> UInt64 {
    numbers[Int(random.below(UInt64(numbers.count)))]
  }

  private static let floats: [Float] = [
    0, 1, -1, .nan, .infinity, -.infinity, 1e30, -1e30, .leastNonzeroMagnitude, 0.5,
  ]

  /// A model of the format, changed in one to four places.
  package static func changed(
    _ bytes: [UInt8], _ format: ImportedInput.Format, _ random: inout SplitMix64
  ) -> [UInt8] {
    switch format {
    case .onnx: onnx(bytes, &random)
    case .tflite: tflite(bytes, &random)
    }
  }

  // MARK: ONNX

  private static func onnx(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    guard var tree = ProtobufTree(bytes[...]) else { return bytes }
    for _ in 0...random.below(4) {
      var all: [(kind: ProtobufTree.Kind, field: ProtobufTree.Field)] = []
      tree.forEach { all.append(($0, $1)) }
      guard !all.isEmpty else { break }
      let chosen = Int(random.below(UInt64(all.count)))
      let (kind, field) = all[chosen]
      // Fields that could stand in its place: operand names for operand names, and so on.
      let alike = all.filter { other in
        other.field.number == field.number && other.kind == kind
          || kind == .node && field.number == 1 && other.kind == .node && other.field.number == 2
      }
      let other = alike[Int(random.below(UInt64(alike.count)))].field.payload
      let kindOfChange = random.below(8)
      let value = self.value(for: field, in: kind, other, &random)
      let swap = Int(random.below(64))
      tree.change(chosen) { message, position in
        switch kindOfChange {
        case 0: message.fields.remove(at: position)
        case 1: message.fields.insert(message.fields[position], at: position)
        case 2: message.fields.swapAt(position, swap % message.fields.count)
        case 3: message.fields[position].payload = other
        default: message.fields[position].payload = value
        }
      }
    }
    return tree.bytes
  }

  private static func value(
    for field: ProtobufTree.Field, in kind: ProtobufTree.Kind, _ other: ProtobufTree.Payload,
    _ random: inout SplitMix64
  ) -> ProtobufTree.Payload {
    switch field.payload {
    case .varint(let value):
      return .varint(random.below(2) == 0 ? number(&random) : value &+ random.below(5) &- 2)
    case .fixed(let raw) where raw.count == 4: return .fixed(float(&random))
    case .fixed: return .fixed(word(number(&random), 8))
    case .message: return other
    case .bytes(let raw):
      if kind == .node, field.number == 4 {
        let operators = ReadableOperator.onnx
        return .bytes(Array(operators[Int(random.below(UInt64(operators.count)))].name.utf8))
      }
      guard !raw.isEmpty else { return .bytes(random.bytes(Int(random.below(9)))) }
      return .bytes(placed(raw, &random))
    }
  }

  private static func word(_ value: UInt64, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  private static func float(_ random: inout SplitMix64) -> [UInt8] {
    word(UInt64(floats[Int(random.below(UInt64(floats.count)))].bitPattern), 4)
  }

  // MARK: TFLite

  /// Offsets hold as long as nothing moves.
  private static func tflite(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    (0...random.below(4)).reduce(bytes) { bytes, _ in placed(bytes, &random) }
  }

  /// The bytes with a word of 1, 2, 4 or 8 bytes, at a multiple of its size, changed.
  private static func placed(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    let size = [1, 2, 4, 4, 8][Int(random.below(5))]
    guard bytes.count >= size else { return random.bytes(bytes.count) }
    let places = UInt64(bytes.count / size)
    let place = Int(random.below(places)) * size
    var changed = bytes
    let new: [UInt8]
    switch random.below(4) {
    case 0: new = word(number(&random), size)
    case 1: new = size == 4 ? float(&random) : [bytes[place] ^ 1 << UInt8(random.below(8))]
    case 2: new = [bytes[place] &+ UInt8(random.below(5)) &- 2]
    default:
      let source = Int(random.below(places)) * size
      new = Array(bytes[source..<source + size])
    }
    changed.replaceSubrange(place..<place + new.count, with: new)
    return changed
  }
}
