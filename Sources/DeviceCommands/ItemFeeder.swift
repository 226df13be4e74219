import Arrays
import BundleFormat
import CommandLineKit
import DeviceRuntime
import PlanFormat
import SignalChain

/// Feeds arrays to a session item by item.
///
/// An array of an input's shape is one item; with one more leading axis, or where the shape's first
/// axis is 1, its first axis counts items. Where items are cut from a stream, an array of rows is a
/// recording, and gives one item per hop; so are int16 samples where rows are made of sound. int8 is
/// taken as quantised, float32 is quantised at the edge, or ranked where the input is one of trees;
/// uint8 is taken where it is declared as raw bytes. Where an input is normalised, bytes and floats
/// are raw.
struct ItemFeeder {
  private var inputs: [InputFeeder] = []
  let itemCount: Int
  /// The ring that cuts items from a recording, with a row's bytes and the next row's number.
  private var window: StreamWindow?
  private var row: [UInt8] = []
  private var nextRow = 0

  init(
    plan: PlanEntry, arrays: [NumericArray], session: Session
  ) throws(CommandFailure) {
    let ports = plan.inputs
    guard arrays.count == ports.count else {
      throw CommandFailure(
        .usage,
        "the model has \(ports.count) \(ports.count == 1 ? "input" : "inputs"), got \(arrays.count)",
        hint: "repeat --input once per input, in the model's order")
    }
    var arrays = arrays
    if let audio = plan.audio { arrays[0] = try Self.rows(of: arrays[0], audio) }
    if let stream = plan.stream, !InputFeeder.holdsItems(arrays[0], ports[0]),
      stream.isRecording(arrays[0].shape)
    {
      guard ports.count == 1, stream.elements == session.input(0).count else {
        throw CommandFailure(.failed, "the bundle's stream does not fit its plan")
      }
      itemCount = stream.items(in: arrays[0].shape[0])
      guard itemCount > 0 else {
        throw CommandFailure(
          .failed,
          "input \(ports[0].name) wants windows of \(stream.rows) rows, the recording has \(arrays[0].shape[0])"
        )
      }
      window = StreamWindow(stream)
      row = [UInt8](repeating: 0, count: stream.channels)
      inputs = [
        try InputFeeder(
          ports[0], arrays[0], session.inputTensor(0), elements: stream.channels,
          normalization: ports[0].normalization.flatMap { stream.rowNormalization($0) })
      ]
      return
    }
    var counts: [Int] = []
    for (position, (port, array)) in zip(ports, arrays).enumerated() {
      counts.append(try InputFeeder.itemCount(array, port))
      inputs.append(
        try InputFeeder(
          port, array, session.inputTensor(position),
          elements: port.shape.reduce(1) { $0 * Int($1) }, normalization: port.normalization))
    }
    guard let count = counts.first, counts.allSatisfy({ $0 == count }) else {
      throw CommandFailure(.failed, "the inputs hold different numbers of items")
    }
    itemCount = count
  }

  /// The rows of sound, or the array itself where it is no sound.
  private static func rows(
    of array: NumericArray, _ audio: AudioRule
  ) throws(CommandFailure) -> NumericArray {
    guard array.type == .int16, array.shape.count == 1 else { return array }
    do throws(ArrayError) {
      let rows = AudioFrontEnd.rows(of: try array.asInt64().map { Int16($0) }, audio)
      return try NumericArray(floats: rows, shape: [rows.count / audio.features, audio.features])
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// Fills the session's inputs with an item; items of a recording come in their order.
  mutating func load(_ item: Int, into session: Session) throws(CommandFailure) {
    guard let stream = window?.rule else {
      for position in inputs.indices {
        let target = session.input(position)
        try inputs[position].encode(item, into: target)
      }
      return
    }
    // Items come every hop, the first after a whole window.
    while nextRow < item * stream.hop + stream.rows {
      var failure: CommandFailure?
      let input = inputs[0]
      let number = nextRow
      row.withUnsafeMutableBytes { bytes in
        do throws(CommandFailure) {
          try input.encode(number, into: bytes)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      _ = row.withUnsafeBytes { window?.append($0) }
      nextRow += 1
    }
    window?.copy(into: session.input(0))
  }
}

/// One input's array, encoded in pieces: items, or rows of a recording.
struct InputFeeder {
  private let port: Port
  private let array: NumericArray
  private let tensor: PlanTensor
  private let normalization: Normalization?
  /// Of a float array; empty for others.
  private let floats: [Float]
  /// For the raw bytes of a normalised input; empty for others.
  private let table: [UInt8]
  /// Elements of a piece.
  private let elements: Int

  init(
    _ port: Port, _ array: NumericArray, _ tensor: PlanTensor, elements: Int,
    normalization: Normalization?
  ) throws(CommandFailure) {
    try Self.checkType(array, port)
    self.port = port
    self.array = array
    self.tensor = tensor
    self.elements = elements
    self.normalization = normalization
    floats = array.type == .float32 || array.type == .float64 ? array.asFloats() : []
    if array.type == .uint8, let normalization {
      table = EdgeCodec.byteTable(normalization, tensor: tensor)
    } else {
      table = []
    }
  }

  /// Encodes the piece of a number.
  func encode(
    _ number: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(CommandFailure) {
    let range = number * elements..<(number + 1) * elements
    switch array.type {
    case .int8:
      target.copyBytes(from: array.bytes[range])
    case .uint8:
      if let normalization {
        EdgeCodec.loadRawBytes(
          array.bytes[range], normalization: normalization, table: table, into: target)
      } else {
        EdgeCodec.loadRawBytes(array.bytes[range], into: target)
      }
    default:
      guard port.ranks.isEmpty else {
        EdgeCodec.rank(floats[range], columns: port.ranks, tensor: tensor, into: target)
        return
      }
      do throws(RuntimeError) {
        try EdgeCodec.quantize(
          floats[range], normalization: normalization, tensor: tensor, into: target)
      } catch {
        throw CommandFailure(.failed, "item \(number) of \(port.name): \(error.message)")
      }
    }
  }

  static func holdsItems(_ array: NumericArray, _ port: Port) -> Bool {
    count(array, port) != nil
  }

  private static func count(_ array: NumericArray, _ port: Port) -> Int? {
    let shape = port.shape.map { Int($0) }
    let found = array.shape
    if found == shape { return 1 }
    if found.count == shape.count + 1, Array(found.dropFirst()) == shape { return found[0] }
    if found.count == shape.count, shape.first == 1, found.dropFirst() == shape.dropFirst() {
      return found[0]
    }
    return nil
  }

  static func itemCount(_ array: NumericArray, _ port: Port) throws(CommandFailure) -> Int {
    if let count = count(array, port) { return count }
    let shape = port.shape.map { Int($0) }
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
    case .uint8 where isBytes && (isRaw || port.normalization != nil): return
    default:
      throw CommandFailure(
        .failed,
        "input \(port.name) expects \(port.userElement) \(ArrayShape.text(port.shape.map { Int($0) })), "
          + "got \(array.type.name) \(array.shapeText)",
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
