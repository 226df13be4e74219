/// The value of a field of a FlatBuffers table.
public enum FlatField: Sendable {
  case uint8(UInt8)
  case int32(Int)
  case float(Float)
  case string(String)
  case bytes([UInt8])
  case int32s([Int])
  case int64s([Int])
  case floats([Float])
  case table([Int: FlatField])
  case tables([[Int: FlatField]])
}

/// Writes FlatBuffers front to back: a table stands before whatever its fields lead to.
private struct FlatWriter {
  var bytes: [UInt8] = []

  mutating func number(_ value: Int, size: Int = 4) {
    for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }

  mutating func align(_ size: Int = 4) {
    while bytes.count % size != 0 { bytes.append(0) }
  }

  /// Lets the offset at `place` lead to here.
  mutating func lead(from place: Int) {
    let offset = bytes.count - place
    for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: offset >> (8 * index)) }
  }

  /// A table behind its vtable; `place` holds the offset that leads to it.
  mutating func table(_ fields: [Int: FlatField], from place: Int) {
    let sorted = fields.sorted { $0.key < $1.key }
    align()
    let virtual = bytes.count
    var slots = [Int](repeating: 0, count: (sorted.last?.key ?? -1) + 1)
    for (index, field) in sorted.enumerated() { slots[field.key] = 4 + 4 * index }
    number(4 + 2 * slots.count, size: 2)
    number(4 + 4 * sorted.count, size: 2)
    for slot in slots { number(slot, size: 2) }
    align()
    lead(from: place)
    let start = bytes.count
    number(start - virtual)
    for field in sorted {
      switch field.value {
      case .uint8(let value): number(Int(value))
      case .int32(let value): number(value)
      case .float(let value): number(Int(value.bitPattern))
      default: number(0)
      }
    }
    for (index, field) in sorted.enumerated() { behind(field.value, from: start + 4 + 4 * index) }
  }

  private mutating func behind(_ field: FlatField, from place: Int) {
    switch field {
    case .uint8, .int32, .float: return
    case .table(let fields): return table(fields, from: place)
    default: break
    }
    // Elements of vectors are aligned too, and stand behind their count.
    align(8)
    number(0)
    lead(from: place)
    switch field {
    case .string(let text):
      number(text.utf8.count)
      bytes += Array(text.utf8) + [0]
    case .bytes(let list):
      number(list.count)
      bytes += list
    case .int32s(let list):
      number(list.count)
      for value in list { number(value) }
    case .int64s(let list):
      number(list.count)
      for value in list { number(value, size: 8) }
    case .floats(let list):
      number(list.count)
      for value in list { number(Int(value.bitPattern)) }
    case .tables(let list):
      number(list.count)
      let first = bytes.count
      for _ in list { number(0) }
      for (index, fields) in list.enumerated() { table(fields, from: first + 4 * index) }
    default: break
    }
  }
}

/// Builds a TFLite model (schema version 3).
public struct TFLiteSample: Sendable {
  /// An empty model.
  public init() {}

  private struct Tensor {
    var fields: [Int: FlatField]
    var data: [UInt8]?
  }

  private struct Operator {
    var code: Int
    var fields: [Int: FlatField]
  }

  private var tensors: [Tensor] = []
  private var operators: [Operator] = []
  private var branches: [TFLiteSample] = []
  private var inputs: [Int] = []
  private var outputs: [Int] = []

  /// Scales, zero points and the axis of a tensor's integers.
  public typealias Parameters = (scales: [Float], zeroPoints: [Int], axis: Int)

  /// Adds a tensor and returns its number.
  ///
  /// - Parameters:
  ///   - type: the schema's number: 0 float32, 2 int32, 4 int64, 6 bool, 7 int16, 9 int8.
  ///   - data: little-endian elements of a constant.
  public mutating func tensor(
    _ name: String, _ shape: [Int], type: Int = 0, data: [UInt8]? = nil,
    parameters: Parameters? = nil
  ) -> Int {
    var fields: [Int: FlatField] = [
      0: .int32s(shape), 1: .uint8(UInt8(type)), 3: .string(name),
    ]
    if let parameters {
      fields[4] = .table([
        2: .floats(parameters.scales), 3: .int64s(parameters.zeroPoints),
        6: .int32(parameters.axis),
      ])
    }
    tensors.append(Tensor(fields: fields, data: data))
    return tensors.count - 1
  }

  /// Adds an operator.
  ///
  /// - Parameter options: the type of its options in the schema's union, from 1000 on in its second
  ///   union, and their fields.
  public mutating func node(
    code: Int, _ inputs: [Int], _ outputs: [Int], options: (type: Int, fields: [Int: FlatField])?
  ) {
    var fields: [Int: FlatField] = [1: .int32s(inputs), 2: .int32s(outputs)]
    if let options {
      let place = options.type < 1000 ? 3 : 11
      fields[place] = .uint8(UInt8(options.type % 1000))
      fields[place + 1] = .table(options.fields)
    }
    operators.append(Operator(code: code, fields: fields))
  }

  /// Adds a subgraph that operators name, the first of them as number 1.
  public mutating func subgraph(_ sample: TFLiteSample) { branches.append(sample) }

  /// Names the interface.
  public mutating func interface(inputs: [Int], outputs: [Int]) {
    (self.inputs, self.outputs) = (inputs, outputs)
  }

  /// The tables of one subgraph; its constants and operator codes go to the model's.
  private func table(
    buffers: inout [[Int: FlatField]], codes: inout [Int]
  ) -> [Int: FlatField] {
    var listed: [[Int: FlatField]] = []
    for tensor in tensors {
      var fields = tensor.fields
      fields[2] = .int32(tensor.data == nil ? 0 : buffers.count)
      if let data = tensor.data { buffers.append([0: .bytes(data)]) }
      listed.append(fields)
    }
    var nodes: [[Int: FlatField]] = []
    for operation in operators {
      if !codes.contains(operation.code) { codes.append(operation.code) }
      var fields = operation.fields
      fields[0] = .int32(codes.firstIndex(of: operation.code) ?? 0)
      nodes.append(fields)
    }
    return [0: .tables(listed), 1: .int32s(inputs), 2: .int32s(outputs), 3: .tables(nodes)]
  }

  /// The model file.
  public var bytes: [UInt8] {
    var buffers: [[Int: FlatField]] = [[:]]
    var codes: [Int] = []
    let graphs = ([self] + branches).map { $0.table(buffers: &buffers, codes: &codes) }
    var writer = FlatWriter()
    writer.number(0)
    writer.bytes += Array("TFL3".utf8)
    writer.table(
      [
        0: .int32(3),
        1: .tables(codes.map { [0: .uint8(UInt8(min($0, 127))), 3: .int32($0)] }),
        2: .tables(graphs), 4: .tables(buffers),
      ], from: 0)
    return writer.bytes
  }
}
