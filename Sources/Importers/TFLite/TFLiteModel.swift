import ModelGraph

/// The part of the TFLite schema (version 3) that inference needs, by field ids.
struct TFLiteModel {
  var codes: [TFLiteOperatorCode]
  private var graphs: [FlatTable]
  var buffers: [FlatTable]
  var tensors: [TFLiteTensor]
  var operators: [TFLiteOperator]
  var inputs: [Int]
  var outputs: [Int]

  /// Decodes a file.
  init(_ bytes: [UInt8]) throws(GraphError) {
    let root = try FlatBuffer(bytes).root()
    let version = try root.uint32(0)
    guard version == 3 else {
      throw GraphError.malformed("TFLite: schema version \(version) is not read; version 3 is")
    }
    codes = []
    for table in try root.tables(1, limit: ImportLimits.nodes) {
      codes.append(try TFLiteOperatorCode(table))
    }
    graphs = try root.tables(2, limit: ImportLimits.nodes)
    buffers = try root.tables(4, limit: ImportLimits.tensors)
    (tensors, operators, inputs, outputs) = ([], [], [], [])
    if let main = graphs.first { try read(main) }
    // Beside the main graph stand those that give variables their first values.
    guard try initializers.count == graphs.count - 1 else {
      throw GraphError.unsupported(
        operation: "subgraphs", node: "model",
        reason: "the model has \(graphs.count) subgraphs and one is read; export without control "
          + "flow and with a single signature")
    }
    guard !inputs.isEmpty, !outputs.isEmpty else {
      throw GraphError.malformed("TFLite: the inputs or outputs name no tensor")
    }
  }

  private mutating func read(_ graph: FlatTable) throws(GraphError) {
    tensors = []
    for table in try graph.tables(0, limit: ImportLimits.tensors) {
      tensors.append(try TFLiteTensor(table, index: tensors.count))
    }
    inputs = try graph.int32s(1, limit: ImportLimits.operands)
    outputs = try graph.int32s(2, limit: ImportLimits.operands)
    operators = []
    for table in try graph.tables(3, limit: ImportLimits.nodes) {
      operators.append(try TFLiteOperator(table))
    }
    guard (inputs + outputs).allSatisfy(tensors.indices.contains) else {
      throw GraphError.malformed("TFLite: the inputs or outputs name no tensor")
    }
  }

  /// The subgraphs that the model calls once, before its first run.
  private var initializers: Set<Int> {
    get throws(GraphError) {
      var indices: Set<Int> = []
      for call in operators where call.optionsType == TFLiteVariables.callOnceOptions {
        indices.insert(try call.options?.int32(0) ?? 0)
      }
      return indices.intersection(graphs.indices.dropFirst())
    }
  }

  /// The same file with a subgraph in place of the main one.
  func subgraph(_ index: Int) throws(GraphError) -> TFLiteModel {
    guard graphs.indices.dropFirst().contains(index) else {
      throw GraphError.malformed("TFLite: there is no subgraph \(index) to call")
    }
    var model = self
    try model.read(graphs[index])
    return model
  }

  /// The bytes of a tensor's buffer; none for an activation.
  func data(of tensor: TFLiteTensor) throws(GraphError) -> ArraySlice<UInt8> {
    guard tensor.buffer < buffers.count else {
      throw GraphError.malformed("TFLite: tensor \(tensor.name) names buffer \(tensor.buffer)")
    }
    let buffer = buffers[tensor.buffer]
    // Buffer.offset > 1: the data stands behind the flatbuffer (files over 2 GB).
    guard try buffer.uint64(1) <= 1 else {
      throw GraphError.unsupported(
        operation: "buffer offset", node: tensor.name,
        reason: "its data stands outside the flatbuffer; save a model under 2 GB")
    }
    return try buffer.bytes(0)
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
  var isSparse: Bool
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
    isSparse = try table.table(6) != nil
    signature = try table.int32s(7, limit: ImportLimits.rank)
    if let quantization = try table.table(4) {
      scales = try quantization.floats(2, limit: ImportLimits.tensors)
      zeroPoints = try quantization.int64s(3, limit: ImportLimits.tensors)
      axis = try quantization.int32(6)
      hasOtherQuantization = try quantization.uint8(4) != 0
    }
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

  /// Decodes the table.
  init(_ table: FlatTable) throws(GraphError) {
    code = try table.uint32(0)
    inputs = try table.int32s(1, limit: ImportLimits.operands)
    outputs = try table.int32s(2, limit: ImportLimits.operands)
    optionsType = Int(try table.uint8(3))
    options = try table.table(4)
  }
}
