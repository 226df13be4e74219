import ModelGraph

/// The file's data types of values that stand in wider element types here: bfloat16 and 8-bit floats in
/// float32, 4-bit integers in 8 bits. What makes such values must round or saturate as the file's type
/// does.
struct ONNXNarrowTypes {
  private var dataTypes: [String: Int] = [:]

  /// True for a `TensorProto.DataType` that is one of them.
  static func contains(_ dataType: Int) -> Bool { (16...22).contains(dataType) }

  /// The integers of a 4-bit type.
  static func levels(of dataType: Int) -> ClosedRange<Int>? {
    switch dataType {
    case 21: 0...15
    case 22: -8...7
    default: nil
    }
  }

  /// The data type behind an ONNX name if it is one of them.
  subscript(name: String) -> Int? { dataTypes[name] }

  /// States the data type of a value.
  mutating func declare(_ name: String, _ dataType: Int) {
    dataTypes[name] = Self.contains(dataType) ? dataType : nil
  }

  /// States the data types of a node's results, whose element types are known.
  mutating func declareResults(
    of node: ONNXNode, elements: [ElementType?]
  ) throws(GraphError) {
    let dataType = try resultType(of: node)
    for (name, element) in zip(node.outputs, elements) where !name.isEmpty {
      declare(name, element == ONNXTensor.elementType(dataType) ? dataType : 0)
    }
  }

  /// Most operators keep the type of their first operand; 0 for a type that is not narrow.
  private func resultType(of node: ONNXNode) throws(GraphError) -> Int {
    func operand(_ index: Int) -> Int {
      node.inputs.indices.contains(index) ? dataTypes[node.inputs[index]] ?? 0 : 0
    }
    switch node.operation {
    case "Cast": return try node.int("to", default: 0)
    case "CastLike", "DequantizeLinear", "Where": return operand(1)
    case "QuantizeLinear":
      return node.inputs.count > 2 ? operand(2) : try node.int("output_dtype", default: 0)
    case "OneHot": return operand(2)
    case "Constant", "ConstantOfShape":
      guard case .tensor(let tensor) = node.attributes["value"] else { return 0 }
      return tensor.dataType
    default: return operand(0)
    }
  }
}
