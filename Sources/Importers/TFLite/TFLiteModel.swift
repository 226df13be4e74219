import ModelGraph

/// The part of the TFLite schema (version 3) that inference needs, by field ids.
struct TFLiteModel {
  private let file: FlatBuffer
  var codes: [TFLiteOperatorCode]
  var buffers: [FlatTable]
  /// The first is the model; the others are run where one of its operators names them. Those of
  /// further signatures are not.
  var subgraphs: [TFLiteSubgraph]

  /// The subgraph an interpreter runs.
  var main: TFLiteSubgraph { subgraphs[0] }

  /// Size of the file.
  var byteCount: Int { file.count }

  /// Decodes a file.
  init(_ bytes: [UInt8]) throws(GraphError) {
    file = FlatBuffer(bytes)
    let root = try file.root()
    let version = try root.uint32(0)
    guard version == 3 else {
      throw GraphError.malformed("TFLite: schema version \(version) is not read; version 3 is")
    }
    codes = []
    for table in try root.tables(1, limit: ImportLimits.nodes) {
      codes.append(try TFLiteOperatorCode(table))
    }
    buffers = try root.tables(4, limit: ImportLimits.tensors)
    subgraphs = []
    var operators = 0
    for table in try root.tables(2, limit: ImportLimits.nodes) {
      let subgraph = try TFLiteSubgraph(table)
      operators += subgraph.operators.count + subgraph.tensors.count
      guard operators <= ImportLimits.tensors else {
        throw GraphError.malformed(
          "TFLite: more than \(ImportLimits.tensors) tensors and operators")
      }
      subgraphs.append(subgraph)
    }
    guard let main = subgraphs.first, !main.inputs.isEmpty, !main.outputs.isEmpty else {
      throw GraphError.malformed("TFLite: the inputs or outputs name no tensor")
    }
  }

  /// The bytes of a tensor's buffer; none for an activation.
  func data(of tensor: TFLiteTensor) throws(GraphError) -> ArraySlice<UInt8> {
    guard tensor.buffer < buffers.count else {
      throw GraphError.malformed("TFLite: tensor \(tensor.name) names buffer \(tensor.buffer)")
    }
    let buffer = buffers[tensor.buffer]
    // Buffer.offset > 1: the data stands behind the flatbuffer.
    let offset = try buffer.uint64(1)
    if offset > 1 {
      let (start, size) = (Int(clamping: offset), Int(clamping: try buffer.uint64(2)))
      guard start <= Int(Int32.max), size <= ImportLimits.constantBytes else {
        throw GraphError.malformed("TFLite: tensor \(tensor.name) lies outside the file")
      }
      return try file.slice(start..<start + size)
    }
    return try buffer.bytes(0)
  }
}

/// `SubGraph`.
struct TFLiteSubgraph {
  var tensors: [TFLiteTensor]
  var operators: [TFLiteOperator]
  var inputs: [Int]
  var outputs: [Int]

  /// Decodes the table.
  init(_ table: FlatTable) throws(GraphError) {
    tensors = []
    for tensor in try table.tables(0, limit: ImportLimits.tensors) {
      tensors.append(try TFLiteTensor(tensor, index: tensors.count))
    }
    inputs = try table.int32s(1, limit: ImportLimits.operands)
    outputs = try table.int32s(2, limit: ImportLimits.operands)
    operators = []
    for node in try table.tables(3, limit: ImportLimits.nodes) {
      operators.append(try TFLiteOperator(node))
    }
    guard (inputs + outputs).allSatisfy(tensors.indices.contains) else {
      throw GraphError.malformed("TFLite: the inputs or outputs name no tensor")
    }
  }
}

/// `OperatorCode`.
struct TFLiteOperatorCode {
  var builtin: Int
  var custom: String

  /// Codes above 127 stand in the newer field; older writers fill the older one only.
  init(_ table: FlatTable) throws(GraphError) {
    let old = Int(Int8(bitPattern: try table.uint8(0)))
    builtin = max(old, try table.int32(3))
    custom = try table.string(1)
  }

  /// The name as the schema spells it.
  var name: String {
    if builtin == 32 { return custom.isEmpty ? "CUSTOM" : "CUSTOM(\(custom))" }
    return TFLiteOperatorNames.name(builtin)
  }
}

/// `Tensor`.
struct TFLiteTensor {
  /// The schema's number of float16.
  static let halfPrecision = 1

  var shape: [Int]
  var type: Int
  var buffer: Int
  var name: String
  var isVariable: Bool
  var sparsity: TFLiteSparsity?
  var signature: [Int]
  var scales: [Float] = []
  var zeroPoints: [Int64] = []
  var axis = 0
  var hasOtherQuantization = false

  /// Decodes the table.
  init(_ table: FlatTable, index: Int) throws(GraphError) {
    shape = try table.int32s(0, limit: ImportLimits.rank)
    type = Int(try table.uint8(1))
    buffer = try table.uint32(2)
    name = try table.string(3)
    if name.isEmpty { name = "#\(index)" }
    isVariable = try table.bool(5)
    sparsity = try table.table(6).map { (parameters) throws(GraphError) in
      try TFLiteSparsity(parameters)
    }
    signature = try table.int32s(7, limit: ImportLimits.rank)
    if let quantization = try table.table(4) {
      scales = try quantization.floats(2, limit: ImportLimits.tensors)
      zeroPoints = try quantization.int64s(3, limit: ImportLimits.tensors)
      axis = try quantization.int32(6)
      hasOtherQuantization = try quantization.uint8(4) != 0
    }
  }

  /// True for a result whose shape is not known before it is computed; an unranked one has none, as a
  /// single number has.
  var isOpen: Bool { shape.isEmpty || signature.contains { $0 < 0 } }

  /// True for a list of no integers, such as the shape of a single number: it needs no bytes to be known.
  var isEmptyList: Bool { shape == [0] && (element == .int32 || element == .int64) }

  /// Takes open dimensions from an array that will be run: of this rank with its first axis counting
  /// items, or of one more.
  mutating func close(toFit array: [Int]) {
    guard signature.count == shape.count,
      array.count == shape.count || array.count == shape.count + 1
    else { return }
    let item = array.count == shape.count ? [1] + array.dropFirst() : Array(array.dropFirst())
    for axis in shape.indices where signature[axis] < 0 {
      shape[axis] = item[axis]
      signature[axis] = item[axis]
    }
  }

  /// The end of the model that this tensor is.
  var port: ModelPort {
    let dimensions = shape.indices.map { axis in
      axis < signature.count && signature[axis] < 0 ? nil : shape[axis]
    }
    return ModelPort(name: name, element: element, dimensions: dimensions)
  }

  /// The element type, or nil when it is not read.
  var element: ElementType? {
    switch type {
    // Half precision is widened as it is read.
    case 0, 1: .float32
    case 2: .int32
    case 3: .uint8
    case 4: .int64
    case 6: .bool
    case 7: .int16
    case 9: .int8
    default: nil
    }
  }
}

/// `Operator`.
struct TFLiteOperator {
  var code: Int
  var inputs: [Int]
  var outputs: [Int]
  var optionsType: Int
  var options: FlatTable?
  /// Tensors that say how values inside the operator are quantised.
  var intermediates: [Int]

  /// Decodes the table.
  init(_ table: FlatTable) throws(GraphError) {
    code = try table.uint32(0)
    inputs = try table.int32s(1, limit: ImportLimits.operands)
    outputs = try table.int32s(2, limit: ImportLimits.operands)
    optionsType = Int(try table.uint8(3))
    options = try table.table(4)
    intermediates = try table.int32s(8, limit: ImportLimits.operands)
    // The second union of options, counted from 1000 here.
    let second = Int(try table.uint8(11))
    if second != 0, let table = try table.table(12) {
      (optionsType, options) = (1000 + second, table)
    }
  }
}
