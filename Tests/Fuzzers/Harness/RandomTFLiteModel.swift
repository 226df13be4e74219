import Importers
import ModelSamples
import Wire

/// Small TFLite models of operators that are read, with operands and options that go together now
/// and then.
package struct RandomTFLiteModel {
  private var random: SplitMix64
  private var model = TFLiteFile()
  private var base: [Int] = []
  private var element = TFLiteFile.Element.float32

  /// The model of `seed`.
  package static func bytes(seed: UInt64) -> [UInt8] {
    var maker = RandomTFLiteModel(random: SplitMix64(seed: seed))
    return maker.make()
  }

  private init(random: SplitMix64) { self.random = random }

  private mutating func make() -> [UInt8] {
    base = (0..<[4, 4, 3, 2, 2, 1, 0, 5][below(8)]).map { _ in size() }
    if base.count > 2, !isRare(4) { base[0] = 1 }
    element = [.float32, .float32, .float32, .int8, .int8, .uint8, .int16, .int32][below(8)]
    var last = activation("x", base)
    model.inputs = [last]
    for _ in 0...below(2) { last = node(last) }
    model.outputs = [last]
    return model.bytes
  }

  private mutating func below(_ bound: Int) -> Int { Int(random.below(UInt64(bound))) }
  /// True once in `chances`.
  private mutating func isRare(_ chances: Int) -> Bool { below(chances) == 0 }
  private mutating func size() -> Int { isRare(30) ? 0 : [1, 2, 3, 4, 4, 6][below(6)] }

  private mutating func integer() -> Int64 {
    isRare(12)
      ? [.max, .min, .max - 1, 1 << 31, -1 << 31, 1 << 32, 65536, 1 << 28, 1 << 40][below(9)]
      : Int64(below(9) - 3)
  }

  private mutating func float() -> Float {
    isRare(10)
      ? [.nan, .infinity, 0, -1, .greatestFiniteMagnitude, .leastNonzeroMagnitude][below(6)]
      : Float(1 + below(32)) / 16
  }

  // MARK: Tensors

  private mutating func activation(_ name: String, _ shape: [Int]) -> Int32 {
    let type = isRare(12) ? anyElement() : element
    let isQuantized = [.int8, .uint8, .int16].contains(type) && !isRare(16)
    let same = isRare(4) ? float() : 0.5
    return model.tensor(
      name, type, shape, scales: isQuantized ? [same] : [],
      zeroPoints: isQuantized ? [isRare(6) ? integer() : 0] : [])
  }

  private mutating func anyElement() -> TFLiteFile.Element {
    [.float32, .float16, .int32, .uint8, .int64, .string, .bool, .int16, .int8][below(9)]
  }

  /// Positions and shapes as int32 or int64, weights of the model's type.
  private mutating func constant(_ name: String) -> Int32 {
    switch below(8) {
    case 0: return model.constant(name, wide: (0..<1 + below(4)).map { _ in integer() })
    case 1, 2, 3:
      let lengths = [base.count, 2 * base.count, 1, 2, 4]
      return model.constant(
        name,
        integers: (0..<lengths[below(5)]).map { _ in Int32(truncatingIfNeeded: integer()) })
    case 4: return model.constant(name, integers: base.map { Int32($0) })
    default:
      var shape: [Int]
      switch below(5) {
      case 0: shape = base
      case 1: shape = [base.last ?? 1]
      case 2: shape = [size(), 1 + below(3), 1 + below(3), base.last ?? 1]
      case 3: shape = [size(), base.last ?? 1]
      default: shape = []
      }
      let type =
        isRare(8)
        ? anyElement() : element == .uint8 ? .uint8 : element == .float32 ? .float32 : .int8
      let width =
        [.float32, .int32].contains(type)
        ? 4 : [.int64].contains(type) ? 8 : [.int16, .float16].contains(type) ? 2 : 1
      let count = shape.reduce(1, *)
      let channels = shape.first ?? 1
      let scales: [Float] =
        type == .float32 ? [] : isRare(2) ? [0.25] : (0..<channels).map { _ in float() }
      return model.tensor(
        name, type, shape, data: random.bytes(count * width - (isRare(30) && count > 0 ? 1 : 0)),
        scales: scales, zeroPoints: scales.map { _ in isRare(8) ? integer() : 0 })
    }
  }

  // MARK: Operators

  private mutating func node(_ input: Int32) -> Int32 {
    let operators = ReadableOperator.tflite
    let code = Int32(operators[below(operators.count)].code ?? 0)
    var inputs = [input]
    for position in 0..<[0, 1, 1, 2, 2, 3, 5][below(7)] {
      inputs.append(isRare(25) ? -1 : constant("c\(model.tensors.count)-\(position)"))
    }
    if isRare(6) { inputs.shuffle(using: &random) }
    var outputs: [Int32] = []
    for _ in 0..<(isRare(6) ? 1 + below(3) : 1) {
      let shape =
        isRare(2) ? base : (0..<below(5)).map { _ in size() }
      outputs.append(activation("y\(model.tensors.count)", shape))
    }
    model.node(code, inputs, outputs, options: isRare(4) ? nil : options(code))
    return outputs[0]
  }

  /// The union's number of the options each operator has; the schema's order of their fields.
  private static let types: [Int32: Int] = [
    0: 11, 1: 5, 2: 10, 3: 1, 4: 2, 5: 94, 9: 8, 11: 12, 17: 5, 18: 21, 22: 17, 23: 15, 25: 9,
    26: 19, 36: 23, 40: 27, 41: 28, 42: 29, 44: 71, 45: 32, 49: 35, 50: 50, 53: 37, 56: 40, 67: 49,
    83: 59, 88: 64, 97: 74, 98: 75, 100: 77, 102: 79, 126: 101,
  ]

  private mutating func options(_ code: Int32) -> (Int, FlatBufferFields)? {
    guard let type = Self.types[code] else { return nil }
    var fields: FlatBufferFields = [:]
    for field in 0..<7 where !isRare(5) {
      // A byte where one is read as an integer lies outside of the table's field, and is refused.
      let isByte = [1, 2, 5, 8, 9, 10, 11, 12, 21, 28, 29, 49, 71, 77].contains(type) && field == 0
      if isByte {
        fields[field] = .byte(UInt8(isRare(8) ? below(256) : below(2)))
      } else if type == 9 {
        fields[field] = .float(float())
      } else {
        fields[field] = .integer(
          Int32(isRare(8) ? Int32(truncatingIfNeeded: integer()) : Int32(below(3))))
      }
    }
    return (isRare(20) ? below(256) : type, fields)
  }
}
