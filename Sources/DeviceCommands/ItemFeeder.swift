import Arrays
import BundleFormat
import CommandLineKit
import DeviceRuntime
import PlanFormat

/// Feeds arrays to a session item by item, and collects what comes out.
///
/// An array of an input's shape is one item; with one more leading axis, or where the shape's first
/// axis is 1, its first axis counts items. int8 is taken as quantised, float32 is quantised at the
/// edge, or ranked where the input is one of trees; uint8 is taken where it is declared as raw bytes.
struct ItemFeeder {
  let ports: [Port]
  let arrays: [NumericArray]
  let itemCount: Int
  /// Floats of each float input; empty for the others.
  private let floats: [[Float]]

  init(ports: [Port], arrays: [NumericArray]) throws(CommandFailure) {
    guard arrays.count == ports.count else {
      throw CommandFailure(
        .usage,
        "the model has \(ports.count) \(ports.count == 1 ? "input" : "inputs"), got \(arrays.count)",
        hint: "repeat --input once per input, in the model's order")
    }
    var counts: [Int] = []
    var floats: [[Float]] = []
    for (port, array) in zip(ports, arrays) {
      counts.append(try Self.itemCount(array, port))
      try Self.checkType(array, port)
      floats.append(array.type == .float32 || array.type == .float64 ? array.asFloats() : [])
    }
    guard let count = counts.first, counts.allSatisfy({ $0 == count }) else {
      throw CommandFailure(.failed, "the inputs hold different numbers of items")
    }
    self.ports = ports
    self.arrays = arrays
    self.floats = floats
    itemCount = count
  }

  /// Fills the session's inputs with an item.
  func load(_ item: Int, into session: Session) throws(CommandFailure) {
    for position in ports.indices {
      let target = session.input(position)
      let size = ports[position].shape.reduce(1) { $0 * Int($1) }
      let range = item * size..<(item + 1) * size
      let tensor = session.inputTensor(position)
      switch arrays[position].type {
      case .int8:
        target.copyBytes(from: arrays[position].bytes[range])
      case .uint8:
        EdgeCodec.loadRawBytes(arrays[position].bytes[range], into: target)
      default:
        guard ports[position].ranks.isEmpty else {
          EdgeCodec.rank(
            floats[position][range], columns: ports[position].ranks, tensor: tensor, into: target)
          continue
        }
        do throws(RuntimeError) {
          try EdgeCodec.quantize(floats[position][range], tensor: tensor, into: target)
        } catch {
          throw CommandFailure(.failed, "item \(item) of \(ports[position].name): \(error.message)")
        }
      }
    }
  }

  private static func itemCount(
    _ array: NumericArray, _ port: Port
  ) throws(CommandFailure) -> Int {
    let shape = port.shape.map { Int($0) }
    let found = array.shape
    if found == shape { return 1 }
    if found.count == shape.count + 1, Array(found.dropFirst()) == shape { return found[0] }
    if found.count == shape.count, shape.first == 1, found.dropFirst() == shape.dropFirst() {
      return found[0]
    }
    throw CommandFailure(
      .failed,
      "input \(port.name) expects shape \(ArrayShape.text(shape)) per item, got \(array.shapeText)")
  }

  private static func checkType(_ array: NumericArray, _ port: Port) throws(CommandFailure) {
    let isBytes = port.element.utf8.elementsEqual("int8".utf8)
    let isRaw = isBytes && port.userElement.utf8.elementsEqual("uint8".utf8)
    switch array.type {
    case .float32, .float64: return
    case .int8 where isBytes: return
    case .uint8 where isRaw: return
    default:
      throw CommandFailure(
        .failed, "input \(port.name) expects \(port.userElement), got \(array.type.name)",
        hint: "convert it, e.g. numpy.save(f, x.astype('float32'))")
    }
  }
}

/// Collects one output over items.
struct OutputCollector {
  let port: Port
  private let tensor: PlanTensor
  /// The integers as they lie in the arena.
  private(set) var bytes: [UInt8] = []
  /// What users get of each.
  private(set) var reals: [Float] = []

  init(port: Port, tensor: PlanTensor) {
    self.port = port
    self.tensor = tensor
  }

  mutating func append(_ item: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: item)
    let values = EdgeCodec.dequantize(item, tensor: tensor)
    guard port.link != .none else { return reals.append(contentsOf: values) }
    let length = Int(port.shape.last ?? 1)
    for start in stride(from: 0, to: values.count, by: length) {
      reals.append(contentsOf: port.link.apply(Array(values[start..<start + length])))
    }
  }

  /// True when users get the integers themselves.
  var isInteger: Bool {
    port.userElement.utf8.elementsEqual("int8".utf8) || isClass
  }

  /// True when the integers are classes.
  var isClass: Bool { port.userElement.utf8.elementsEqual("int64".utf8) }

  /// The integers.
  var levels: [Int64] { bytes.withUnsafeBytes { EdgeCodec.levels($0, tensor.element) } }

  /// The array a user gets: items first, in the model file's layout.
  func array(items: Int) throws(CommandFailure) -> NumericArray {
    var shape = port.shape.map { Int($0) }
    if shape.first == 1 { shape[0] = items } else if items != 1 { shape.insert(items, at: 0) }
    do throws(ArrayError) {
      if isClass { return try NumericArray(int64: levels, shape: shape) }
      return isInteger
        ? try NumericArray(type: .int8, shape: shape, bytes: bytes)
        : try NumericArray(floats: reals, shape: shape)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }
}
