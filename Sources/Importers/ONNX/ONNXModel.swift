import ModelGraph

/// The part of ONNX's `ModelProto` that inference needs (onnx.proto3; field numbers in the
/// decoders).
struct ONNXModel {
  /// Version of the default operator set.
  var opset: Int?
  /// Named in `opset_import`.
  var domains: [String] = []
  /// The graph.
  var graph: ONNXGraph

  /// Decodes a file.
  init(_ bytes: [UInt8]) throws(GraphError) {
    var reader = ProtobufReader(bytes)
    var graph: ONNXGraph?
    while let field = try reader.next() {
      switch field.number {
      case 7: graph = try ONNXGraph(try reader.message(field))
      case 8:
        let (domain, version) = try Self.operatorSet(try reader.message(field))
        domains.append(domain)
        if domain.isEmpty || domain == "ai.onnx" { opset = version }
      default: break
      }
    }
    guard let graph else {
      throw GraphError.malformed(
        "this is not an ONNX or TFLite model: no graph in it; give a .onnx or .tflite file")
    }
    self.graph = graph
  }

  private static func operatorSet(
    _ message: ProtobufReader
  ) throws(GraphError) -> (String, Int) {
    var reader = message
    var domain = ""
    var version = 0
    while let field = try reader.next() {
      switch field.number {
      case 1: domain = try reader.string(field)
      case 2: version = try reader.integer(field)
      default: break
      }
    }
    return (domain, version)
  }
}

/// `GraphProto`.
struct ONNXGraph {
  var nodes: [ONNXNode] = []
  var initializers: [ONNXTensor] = []
  var inputs: [ONNXValueInfo] = []
  var outputs: [ONNXValueInfo] = []

  /// The inputs that no initializer gives a value.
  var liveInputs: [ONNXValueInfo] {
    let initialized = Set(initializers.map(\.name))
    return inputs.filter { !initialized.contains($0.name) }
  }

  /// Decodes the message.
  init(_ message: ProtobufReader) throws(GraphError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: nodes.append(try ONNXNode(try reader.message(field), index: nodes.count))
      case 5: initializers.append(try ONNXTensor(try reader.message(field)))
      case 11: inputs.append(try ONNXValueInfo(try reader.message(field)))
      case 12: outputs.append(try ONNXValueInfo(try reader.message(field)))
      case 15:
        throw GraphError.unsupported(
          operation: "sparse_initializer", node: "graph",
          reason: "sparse weights are not read; export the model with dense initializers")
      default: break
      }
      guard nodes.count <= ImportLimits.nodes, initializers.count <= ImportLimits.tensors else {
        throw GraphError.malformed(
          "ONNX: more than \(ImportLimits.nodes) nodes or too many tensors")
      }
    }
  }
}

/// `NodeProto`.
struct ONNXNode {
  /// Its name, or `#index`.
  var name = ""
  var operation = ""
  var domain = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [String: ONNXAttribute] = [:]

  /// Decodes the message.
  init(_ message: ProtobufReader, index: Int) throws(GraphError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: inputs.append(try reader.string(field))
      case 2: outputs.append(try reader.string(field))
      case 3: name = try reader.string(field)
      case 4: operation = try reader.string(field)
      case 5:
        let (key, value) = try ONNXAttribute.named(try reader.message(field))
        attributes[key] = value
      case 7: domain = try reader.string(field)
      default: break
      }
      guard inputs.count <= ImportLimits.operands, outputs.count <= ImportLimits.operands else {
        throw GraphError.malformed(
          "ONNX: node \(name) has more than \(ImportLimits.operands) edges")
      }
    }
    if name.isEmpty { name = "#\(index)" }
  }

  /// An error for a use of this operator that is not run.
  func unsupported(_ reason: String) -> GraphError {
    GraphError.unsupported(operation: operation, node: name, reason: reason)
  }

  /// An error for operands or attributes that do not go together.
  func invalid(_ reason: String) -> GraphError {
    GraphError.invalid(node: name, reason: "\(operation): \(reason)")
  }
}

/// `ValueInfoProto` of a tensor.
struct ONNXValueInfo {
  /// A dimension.
  enum Dimension {
    case known(Int)
    case symbolic(String)
  }

  var name = ""
  /// `TensorProto.DataType`; 0 when not stated.
  var elementType = 0
  /// nil when no shape is stated.
  var dimensions: [Dimension]?

  /// Decodes the message.
  init(_ message: ProtobufReader) throws(GraphError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 2: try decodeType(try reader.message(field))
      default: break
      }
    }
  }

  private mutating func decodeType(_ message: ProtobufReader) throws(GraphError) {
    var type = message
    while let field = try type.next() {
      // 1 is tensor_type; sequences, maps and optionals stay without a shape.
      guard field.number == 1 else { continue }
      var tensor = try type.message(field)
      while let inner = try tensor.next() {
        switch inner.number {
        case 1: elementType = try tensor.integer(inner)
        case 2: try decodeShape(try tensor.message(inner))
        default: break
        }
      }
    }
  }

  private mutating func decodeShape(_ message: ProtobufReader) throws(GraphError) {
    var shape = message
    var list: [Dimension] = []
    while let field = try shape.next() {
      guard field.number == 1 else { continue }
      guard list.count < ImportLimits.rank else {
        throw GraphError.malformed("ONNX: \(name) has more than \(ImportLimits.rank) dimensions")
      }
      var reader = try shape.message(field)
      var dimension = Dimension.symbolic("?")
      while let inner = try reader.next() {
        switch inner.number {
        case 1: dimension = .known(try reader.integer(inner))
        case 2: dimension = .symbolic(try reader.string(inner))
        default: break
        }
      }
      list.append(dimension)
    }
    dimensions = list
  }

  /// What names of open dimensions stand for: sizes of the data that will come, else, of a batch, 1.
  static func symbols(
    of inputs: [ONNXValueInfo], items: [String: [Int]]
  ) -> [String: Int] {
    var symbols: [String: Int] = [:]
    for input in inputs {
      let item = items[input.name].flatMap { $0.count == input.dimensions?.count ? $0 : nil }
      for (axis, dimension) in (input.dimensions ?? []).enumerated() {
        guard case .symbolic(let name) = dimension, name != "?" else { continue }
        if let item { symbols[name] = item[axis] }
        if axis == 0, symbols[name] == nil { symbols[name] = 1 }
      }
    }
    return symbols
  }

  /// The shape with its open dimensions bound: to those of the data that will come, to what their
  /// names stand for, else the batch to 1.
  ///
  /// - Parameters:
  ///   - item: the shape of one item of that data.
  ///   - symbols: see ``symbols(of:items:)``.
  func boundShape(item: [Int]?, symbols: [String: Int] = [:]) throws(GraphError) -> [Int] {
    guard let dimensions else {
      throw GraphError.invalid(
        node: name, reason: "the input states no tensor shape; export the model with shapes")
    }
    let item = item?.count == dimensions.count ? item : nil
    var shape: [Int] = []
    for (axis, dimension) in dimensions.enumerated() {
      switch dimension {
      case .known(let size) where size > 0: shape.append(size)
      case _ where item != nil: shape.append(item?[axis] ?? 1)
      case .known where axis == 0, .symbolic where axis == 0: shape.append(1)
      case .symbolic(let symbol) where symbols[symbol] != nil: shape.append(symbols[symbol] ?? 1)
      case .known(let size):
        throw GraphError.invalid(
          node: name,
          reason: "dimension \(axis) of the input is \(size) in the file; give data of the "
            + "shape it should have, or export it fixed")
      case .symbolic(let symbol):
        throw GraphError.invalid(
          node: name,
          reason:
            "dimension \(axis) of the input is symbolic (\(symbol)): give data of the shape it "
            + "should have, or export the model with this dimension fixed")
      }
    }
    if !ImportLimits.isBounded(shape) {
      try ImportLimits.check(shape, node: name, "the input")
    }
    return shape
  }

  /// The name, type and known dimensions.
  var port: ModelPort {
    ModelPort(
      name: name, element: ONNXTensor.elementType(elementType),
      dimensions: dimensions.map { list in
        list.map { dimension in
          if case .known(let size) = dimension, size > 0 { size } else { nil }
        }
      })
  }

  /// The shape of one item of an array: without its first axis where that is one too many; else the
  /// first axis counts items.
  func itemShape(ofArray array: [Int]) -> [Int]? {
    let rank = dimensions?.count ?? 0
    if array.count == rank + 1 { return Array(array.dropFirst()) }
    return array.count == rank && rank > 0 ? [1] + array.dropFirst() : nil
  }
}
