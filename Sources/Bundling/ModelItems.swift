public import Arrays
import Importers
public import ModelGraph
public import Quantizer
import SignalChain

/// Arrays as a model's items: one tensor per input, each of the model's shape.
public enum ModelItems {
  /// Splits arrays into items.
  ///
  /// An array of an input's shape is one item; with one more leading axis, or where the shape's first
  /// axis is 1, its first axis counts items. Bytes are taken only for an input declared as raw bytes,
  /// and are multiplied by its scale, or where it is normalised: then bytes and floats are raw, and
  /// come out normalised. int8 is taken only where the model itself is quantised.
  ///
  /// - Parameters:
  ///   - arrays: one per model input, in the model's order.
  ///   - encodings: one per model input.
  ///   - stream: cuts the items of the only input from a recording, where the array is one.
  /// - Throws: `PackError` saying what was expected and what came.
  public static func split(
    _ arrays: [NumericArray], for graph: Graph, encodings: [InputEncoding],
    stream: StreamSource? = nil
  ) throws(PackError) -> [[TensorData]] {
    guard arrays.count == graph.inputs.count else {
      let names = graph.inputs.map { graph[$0].name }.joined(separator: ", ")
      throw PackError(
        .usage, "the model has \(graph.inputs.count) inputs (\(names)), got \(arrays.count) arrays",
        hint: "repeat the option, once per input, in this order")
    }
    var columns: [[TensorData]] = []
    for (index, id) in graph.inputs.enumerated() {
      var array = arrays[index]
      if let stream {
        array = try stream.items(
          of: array, shape: graph[id].type.shape, name: graph[id].name)
      }
      columns.append(try split(array, value: graph[id], encoding: encodings[index]))
    }
    let count = columns[0].count
    guard columns.allSatisfy({ $0.count == count }) else {
      throw PackError(.failed, "the input arrays hold different numbers of items")
    }
    return (0..<count).map { item in columns.map { $0[item] } }
  }

  private static func split(
    _ array: NumericArray, value: Value, encoding: InputEncoding
  ) throws(PackError) -> [TensorData] {
    let shape = value.type.shape
    let items = try itemCount(array.shape, of: shape, name: value.name)
    let size = shape.reduce(1, *)
    if value.quantization == nil, value.type.element != .float32 {
      return try integers(array, value: value, items: items)
    }
    var floats: [Float]
    var normalization: Normalization?
    if case .normalized(let stated) = encoding { normalization = stated }
    switch array.type {
    case .float32, .float64:
      floats = array.asFloats()
    case .uint8 where normalization != nil:
      floats = array.asFloats()
    case .uint8 where value.fileElement == .uint8:
      guard let quantization = value.quantization else { fallthrough }
      floats = array.asFloats().map {
        ($0 - 128 - Float(quantization.zeroPoint)) * quantization.scale
      }
    case .uint8:
      guard case .rawBytes(let scale) = encoding else {
        throw PackError(
          .failed, "input \(value.name) expects float32 \(shape), got uint8",
          hint: "add --input-scale 1/255 (or inputs[].scale in the recipe) for raw image bytes")
      }
      floats = array.asFloats().map { $0 * scale }
    case .int8:
      normalization = nil
      guard let quantization = value.quantization else {
        throw PackError(.failed, "input \(value.name) expects float32 \(shape), got int8")
      }
      floats = array.asFloats().map { ($0 - Float(quantization.zeroPoint)) * quantization.scale }
    default:
      throw PackError(
        .failed,
        "input \(value.name) expects float32 \(shape), got \(array.type.name) \(array.shapeText)",
        hint: "convert it, e.g. numpy.save(f, x.astype('float32'))")
    }
    if encoding != .ranks, let bad = floats.firstIndex(where: { !$0.isFinite }) {
      throw PackError(
        .failed, "the data of input \(value.name) holds \(floats[bad]) at element \(bad)",
        hint: "every value must be a finite number")
    }
    if let normalization {
      for index in floats.indices {
        let channel = normalization.channel(of: index % size)
        floats[index] = normalization.apply(floats[index], channel: channel)
      }
    }
    return (0..<items).map { item in
      TensorData(shape: shape, floats: Array(floats[item * size..<(item + 1) * size]))
    }
  }

  /// Items of an input of integers that stand for themselves: indices, tokens, switches.
  private static func integers(
    _ array: NumericArray, value: Value, items: Int
  ) throws(PackError) -> [TensorData] {
    let shape = value.type.shape
    let element = value.type.element
    guard array.type.name == element.rawValue else {
      throw PackError(
        .failed,
        "input \(value.name) expects \(element.rawValue) \(shape), got \(array.type.name) "
          + array.shapeText,
        hint: "convert it, e.g. numpy.save(f, x.astype('\(element.rawValue)'))")
    }
    let size = shape.reduce(array.type.size, *)
    do throws(GraphError) {
      var list: [TensorData] = []
      for item in 0..<items {
        let bytes = array.bytes[item * size..<(item + 1) * size]
        list.append(try ModelImporter.tensor(littleEndian: bytes, ValueType(element, shape)))
      }
      return list
    } catch {
      throw PackError(error)
    }
  }

  /// True for an array of items of a shape, or of one item.
  static func holdsItems(_ found: [Int], of shape: [Int]) -> Bool {
    found == shape || (found.count == shape.count + 1 && Array(found[1...]) == shape)
      || (found.count == shape.count && shape.first == 1 && found[1...] == shape[1...])
  }

  /// How many items of `shape` an array of `found` holds.
  static func itemCount(
    _ found: [Int], of shape: [Int], name: String
  ) throws(PackError) -> Int {
    if found == shape { return 1 }
    if holdsItems(found, of: shape) { return found[0] }
    throw PackError(
      .failed,
      "input \(name) expects shape \(shape) per item, got an array of shape \(found)")
  }
}
