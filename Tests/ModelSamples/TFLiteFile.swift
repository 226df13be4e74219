/// Builds a TFLite model (schema version 3), right or wrong: every table may be changed before it is
/// written.
public struct TFLiteFile: Sendable {
  /// The schema's numbers of element types.
  public enum Element: UInt8, Sendable {
    case float32 = 0
    case float16 = 1
    case int32 = 2
    case uint8 = 3
    case int64 = 4
    case string = 5
    case bool = 6
    case int16 = 7
    case int8 = 9
    case resource = 13
  }

  /// `Tensor` tables.
  public var tensors: [FlatBufferFields] = []
  /// `Buffer` tables; the first is empty.
  public var buffers: [FlatBufferFields] = [[:]]
  /// `Operator` tables.
  public var operators: [FlatBufferFields] = []
  /// `OperatorCode` tables.
  public var codes: [FlatBufferFields] = []
  /// Tensors of the interface.
  public var inputs: [Int32] = []
  /// Tensors of the interface.
  public var outputs: [Int32] = []
  /// `SubGraph` tables where they are not one of the tensors, operators and interface above.
  public var subgraphs: [FlatBufferFields]?
  /// Version of the schema.
  public var version: UInt32 = 3
  /// `SubGraph` tables behind the model's own.
  private var branches: [FlatBufferFields] = []

  /// An empty model.
  public init() {}

  /// Adds a tensor; a constant one with `data`. Returns its number.
  public mutating func tensor(
    _ name: String, _ element: Element, _ shape: [Int], data: [UInt8]? = nil,
    scales: [Float] = [], zeroPoints: [Int64] = [], axis: Int32 = 0, isVariable: Bool = false
  ) -> Int32 {
    var fields: FlatBufferFields = [
      0: .integers(shape.map { Int32($0) }), 1: .byte(element.rawValue), 3: .string(name),
    ]
    if let data { fields[2] = buffer(data) }
    if !scales.isEmpty {
      fields[4] = .table([
        2: .floats(scales), 3: .integers(zeroPoints), 6: .integer(axis),
      ])
    }
    if isVariable { fields[5] = .byte(1) }
    tensors.append(fields)
    return Int32(tensors.count - 1)
  }

  /// Adds a tensor of floats.
  public mutating func tensor(
    _ name: String, _ shape: [Int], data: [UInt8]? = nil, isVariable: Bool = false
  ) -> Int32 {
    tensor(name, .float32, shape, data: data, isVariable: isVariable)
  }

  private mutating func buffer(_ data: [UInt8]) -> FlatBufferField {
    buffers.append([0: .vector(data, stride: 1)])
    return .integer(UInt32(buffers.count - 1))
  }

  /// Adds a constant float tensor.
  public mutating func constant(_ name: String, _ shape: [Int], floats: [Float]) -> Int32 {
    tensor(
      name, .float32, shape, data: floats.flatMap { FlatBufferField.littleEndian($0.bitPattern) })
  }

  /// Adds a constant vector of int32.
  public mutating func constant(_ name: String, integers: [Int32]) -> Int32 {
    tensor(
      name, .int32, [integers.count],
      data: integers.flatMap { FlatBufferField.littleEndian($0) })
  }

  /// Adds a constant vector of int64.
  public mutating func constant(_ name: String, wide: [Int64]) -> Int32 {
    tensor(
      name, .int64, [wide.count], data: wide.flatMap { FlatBufferField.littleEndian($0) })
  }

  /// Adds an operator by the schema's number, with its options' union type, from 1000 on in the second
  /// union, and table.
  public mutating func node(
    _ code: Int32, _ inputs: [Int32], _ outputs: [Int32],
    options: (type: Int, fields: FlatBufferFields)? = nil
  ) {
    var fields: FlatBufferFields = [
      0: .integer(UInt32(codes.count)), 1: .integers(inputs), 2: .integers(outputs),
    ]
    if let options {
      let place = options.type < 1000 ? 3 : 11
      fields[place] = .byte(UInt8(options.type % 1000))
      fields[place + 1] = .table(options.fields)
    }
    codes.append([0: .byte(UInt8(min(code, 127))), 2: .integer(Int32(1)), 3: .integer(code)])
    operators.append(fields)
  }

  /// Adds a subgraph that operators name, the first of them as number 1: the main graph of another model,
  /// whose constants and operator codes become this one's.
  public mutating func subgraph(_ other: TFLiteFile) {
    func moved(_ tables: [FlatBufferFields], _ slot: Int, by count: Int) -> [FlatBufferFields] {
      tables.map { fields in
        guard case .inline(let bytes)? = fields[slot] else { return fields }
        let number = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return fields.merging([slot: .integer(number + UInt32(count))]) { $1 }
      }
    }
    var copy = other
    copy.tensors = moved(other.tensors, 2, by: buffers.count - 1)
    copy.operators = moved(other.operators, 0, by: codes.count)
    buffers += other.buffers.dropFirst()
    codes += other.codes
    branches.append(copy.graph)
  }

  /// Names the interface.
  public mutating func interface(inputs: [Int32], outputs: [Int32]) {
    (self.inputs, self.outputs) = (inputs, outputs)
  }

  /// The `SubGraph` table.
  public var graph: FlatBufferFields {
    [0: .tables(tensors), 1: .integers(inputs), 2: .integers(outputs), 3: .tables(operators)]
  }

  /// The root table.
  public var root: FlatBufferFields {
    [
      0: .integer(version), 1: .tables(codes), 2: .tables(subgraphs ?? [graph] + branches),
      4: .tables(buffers),
    ]
  }

  /// The model file.
  public var bytes: [UInt8] { FlatBufferWriter(root: root, identifier: "TFL3").bytes }
}
