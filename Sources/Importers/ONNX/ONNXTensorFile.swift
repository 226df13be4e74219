package import ModelGraph

/// A `TensorProto` in a file of its own: inputs and outputs of ONNX's test cases.
package struct ONNXTensorFile {
  /// The tensor's name; may be empty.
  package let name: String
  /// Its elements.
  package let data: TensorData
  /// True for the formats with fewer bits than float32, whose values are exact in it.
  package let isNarrowFloat: Bool

  /// Decodes a file.
  ///
  /// - Parameter dataType: the `TensorProto.DataType` that the model states. Data of bfloat16 may come
  ///   as its bits in uint16, as onnx's own test cases have it.
  /// - Throws: `GraphError.malformed` or `.unsupported` when it is no tensor of numbers.
  package init(bytes: [UInt8], dataType: Int? = nil) throws(GraphError) {
    var tensor = try ONNXTensor(ProtobufReader(bytes))
    if dataType == ONNXTensor.bfloat16 { tensor.readBitsAsBFloat16() }
    name = tensor.name
    data = try tensor.data()
    isNarrowFloat = ONNXTensor.narrowFloat(tensor.dataType) != nil
  }

  /// The `TensorProto.DataType`s of a model's inputs and outputs; 0 where it states none.
  ///
  /// - Throws: `GraphError.malformed` for bytes that are no model.
  package static func dataTypes(
    ofModel bytes: [UInt8]
  ) throws(GraphError) -> (inputs: [Int], outputs: [Int]) {
    let graph = try ONNXModel(bytes).graph
    return (graph.liveInputs.map(\.elementType), graph.outputs.map(\.elementType))
  }
}
