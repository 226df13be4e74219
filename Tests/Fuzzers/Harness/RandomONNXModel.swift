import Importers
import ModelSamples
import Wire

/// Small ONNX models of operators that are read, with operands and attributes that go together now
/// and then: what mutation of bytes alone seldom reaches.
package struct RandomONNXModel {
  private var random: SplitMix64
  private var model = ONNXSample()
  /// Values that operators may read, and what is known of them.
  private var names: [String] = []
  private var count = 0
  /// Shape of most operands.
  private var base: [Int] = []

  /// The model of `seed`.
  package static func bytes(seed: UInt64) -> [UInt8] {
    var maker = RandomONNXModel(random: SplitMix64(seed: seed))
    return maker.make()
  }

  private init(random: SplitMix64) { self.random = random }

  private mutating func make() -> [UInt8] {
    model.opset = isRare(4) ? Int(random.below(24)) : [13, 17, 18, 21][below(4)]
    base = (0..<[4, 4, 3, 2, 2, 1, 0, 5][below(8)]).map { _ in size() }
    if base.count > 2, !isRare(4) { base[0] = 1 }
    model.input("x", base.map(String.init), type: isRare(6) ? type() : 1)
    names.append("x")
    for _ in 0...below(3) { node() }
    model.output(names[names.count - 1])
    if isRare(4) { model.output(names[below(names.count)]) }
    return model.bytes
  }

  private mutating func below(_ bound: Int) -> Int { Int(random.below(UInt64(bound))) }
  /// True once in `chances`.
  private mutating func isRare(_ chances: Int) -> Bool { below(chances) == 0 }
  private mutating func size() -> Int { isRare(30) ? 0 : [1, 2, 3, 4, 4, 6][below(6)] }
  private mutating func type() -> Int {
    isRare(8) ? below(24) : [1, 2, 3, 5, 6, 7, 9, 10][below(8)]
  }

  /// Small mostly, at the ends of the range now and then.
  private mutating func integer() -> Int {
    isRare(12)
      ? [.max, .min, .max - 1, 1 << 31, -1 << 31, 1 << 32, 65536, 1 << 28, 1 << 40][below(9)]
      : below(9) - 3
  }

  private mutating func float() -> Float {
    isRare(10)
      ? [
        .nan, .infinity, -.infinity, 0, -0.0, .greatestFiniteMagnitude, 1e30, -1e30,
        .leastNonzeroMagnitude,
      ][below(9)]
      : Float(below(33) - 16) / 4
  }

  // MARK: Operators

  private mutating func node() {
    let operators = ReadableOperator.onnx
    let type = operators[below(operators.count)]
    var inputs: [String] = []
    for position in 0..<[1, 1, 2, 2, 3, 3, 4, 5, 9][below(9)] {
      if isRare(25) {
        inputs.append("")
      } else if position == 0 ? !isRare(3) : isRare(6) {
        inputs.append(names[below(names.count)])
      } else {
        inputs.append(constant(position))
      }
    }
    var attributes: [String: ONNXSample.Attribute] = [:]
    let known = ONNXAttributeNames.of(type.name)
    for key in known where !isRare(3) { attributes[key] = attribute(key) }
    count += 1
    let outputs = (0..<(isRare(4) ? 1 + below(3) : 1)).map { "v\(count)-\($0)" }
    model.node(
      type.name, inputs, outputs, attributes, name: "n\(count)", domain: type.domain)
    names += isRare(8) ? outputs : [outputs[0]]
  }

  private mutating func constant(_ position: Int) -> String {
    count += 1
    let name = "c\(count)"
    let shape: [Int]
    switch below(8) {
    case 0: shape = base
    case 1: shape = []
    case 2: shape = [1]
    case 3: shape = base.count > 1 ? [base[1]] : [size()]
    case 4: shape = [size(), base.count > 1 ? base[1] : 1, 1 + below(3), 1 + below(3)]
    case 5: shape = [base.last ?? 1, size()]
    case 6: shape = [[base.count, 2 * base.count, 1, 2][below(4)]]
    default: shape = (0..<below(5)).map { _ in size() }
    }
    let elements = shape.reduce(1, *)
    // Lists of positions, shapes and pads are int64; weights are floats.
    let kind = shape.count == 1 && !isRare(3) ? 7 : isRare(3) ? type() : 1
    var raw: [UInt8] = []
    for _ in 0..<elements {
      switch kind {
      case 7: raw += bytes(UInt64(bitPattern: Int64(integer())), 8)
      case 6: raw += bytes(UInt64(truncatingIfNeeded: integer()), 4)
      case 1: raw += bytes(UInt64(float().bitPattern), 4)
      default:
        raw += bytes(random.next(), [2, 3, 9].contains(kind) ? 1 : [5, 10].contains(kind) ? 2 : 8)
      }
    }
    model.constant(name, shape, type: kind, raw: raw)
    return name
  }

  private func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  // MARK: Attributes

  private mutating func attribute(_ key: String) -> ONNXSample.Attribute {
    if isRare(20) {
      return [.int(integer()), .ints([]), .float(float()), .string("x"), .floats([float()])][
        below(5)]
    }
    switch ONNXAttributeNames.kind(key) {
    case .int: return .int(isRare(3) ? integer() : below(2))
    case .size: return .int(isRare(8) ? integer() : 1 + below(4))
    case .float: return .float(float())
    case .ints: return .ints(list { $0.integer() })
    case .sizes:
      let size = 1 + below(3)
      let count = [1, 2, 2, 4, 4][below(5)]
      return .ints((0..<count).map { _ in isRare(16) ? integer() : size })
    case .floats: return .floats(list { $0.float() })
    case .strings(let words): return .strings(list { words[$0.below(words.count)] })
    case .string(let words): return .string(isRare(12) ? "?" : words[below(words.count)])
    case .permutation:
      return .ints(Array(0..<base.count).shuffled(using: &random))
    case .tensor:
      var tensor = ProtobufWriter()
      tensor.message(5) { inner in
        inner.integer(1, 1)
        inner.integer(2, [1, 6, 7][below(3)])
        inner.data(9, bytes(UInt64(bitPattern: Int64(integer())), [4, 8][below(2)]))
      }
      return .fields(tensor.bytes)
    case .graph:
      var branch = ONNXSample()
      branch.constant("in", integers: [integer()])
      branch.node("Identity", [isRare(2) ? "in" : names[below(names.count)]], ["out"])
      branch.output("out")
      var field = ProtobufWriter()
      field.data(6, branch.graphFields)
      return .fields(field.bytes)
    }
  }

  private mutating func list<Element>(
    _ element: (inout RandomONNXModel) -> Element
  ) -> [Element] {
    (0..<[base.count, 1, 2, 3, 2 * base.count, 3][below(6)]).map { _ in element(&self) }
  }
}
