import Arrays
import BundleFormat
import CommandLineKit
import DeviceRuntime
import PlanFormat

/// Feeds arrays to a session item by item, and collects what comes out.
///
/// An array of an input's shape is one item; with one more leading axis, or where the shape's first
/// axis is 1, its first axis counts items. int8 is taken as quantised, float32 is quantised at the
/// edge, uint8 is taken where the input is declared as raw bytes. Where an input is normalised, bytes
/// and floats are raw.
struct ItemFeeder {
  let ports: [Port]
  let arrays: [NumericArray]
  let itemCount: Int
  /// Floats of each float input; empty for the others.
  private let floats: [[Float]]
  /// Tables for the raw bytes of normalised inputs; empty for the others.
  private let tables: [[UInt8]]

  init(
    ports: [Port], arrays: [NumericArray], session: Session
  ) throws(CommandFailure) {
    guard arrays.count == ports.count else {
      throw CommandFailure(
        .usage,
        "the model has \(ports.count) \(ports.count == 1 ? "input" : "inputs"), got \(arrays.count)",
        hint: "repeat --input once per input, in the model's order")
    }
    var counts: [Int] = []
    var floats: [[Float]] = []
    var tables: [[UInt8]] = []
    for (position, (port, array)) in zip(ports, arrays).enumerated() {
      counts.append(try Self.itemCount(array, port))
      try Self.checkType(array, port)
      floats.append(array.type == .float32 || array.type == .float64 ? array.asFloats() : [])
      if array.type == .uint8, let normalization = port.normalization {
        tables.append(
          EdgeCodec.byteTable(normalization, tensor: session.inputTensor(position)))
      } else {
        tables.append([])
      }
    }
    guard let count = counts.first, counts.allSatisfy({ $0 == count }) else {
      throw CommandFailure(.failed, "the inputs hold different numbers of items")
    }
    self.ports = ports
    self.arrays = arrays
    self.floats = floats
    self.tables = tables
    itemCount = count
  }

  /// Fills the session's inputs with an item.
  func load(_ item: Int, into session: Session) throws(CommandFailure) {
    for position in ports.indices {
      let target = session.input(position)
      let size = target.count
      let range = item * size..<(item + 1) * size
      switch arrays[position].type {
      case .int8:
        target.copyBytes(from: arrays[position].bytes[range])
      case .uint8:
        let bytes = arrays[position].bytes[range]
        if let normalization = ports[position].normalization {
          EdgeCodec.loadRawBytes(
            bytes, normalization: normalization, table: tables[position], into: target)
        } else {
          EdgeCodec.loadRawBytes(bytes, into: target)
        }
      default:
        do throws(RuntimeError) {
          try EdgeCodec.quantize(
            floats[position][range], normalization: ports[position].normalization,
            tensor: session.inputTensor(position), into: target)
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
    let isRaw = port.userElement.utf8.elementsEqual("uint8".utf8)
    switch array.type {
    case .int8, .float32, .float64: return
    case .uint8 where isRaw || port.normalization != nil: return
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
  private(set) var levels: [Int8] = []

  init(port: Port) { self.port = port }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes { levels.append(Int8(bitPattern: byte)) }
  }

  /// True when users get the integers themselves.
  var isInteger: Bool { port.userElement.utf8.elementsEqual("int8".utf8) }

  /// Reals of the integers.
  var reals: [Float] { levels.map { Float(Int32($0) - port.zeroPoint) * port.scale } }

  /// The array a user gets: items first, in the model file's layout.
  func array(items: Int) throws(CommandFailure) -> NumericArray {
    var shape = port.shape.map { Int($0) }
    if shape.first == 1 { shape[0] = items } else if items != 1 { shape.insert(items, at: 0) }
    do throws(ArrayError) {
      return isInteger
        ? try NumericArray(int8: levels, shape: shape)
        : try NumericArray(floats: reals, shape: shape)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }
}
