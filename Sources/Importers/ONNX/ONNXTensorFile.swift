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
  /// - Throws: `GraphError.malformed` or `.unsupported` when it is no tensor of numbers.
  package init(bytes: [UInt8]) throws(GraphError) {
    let tensor = try ONNXTensor(ProtobufReader(bytes))
    name = tensor.name
    data = try tensor.data()
    isNarrowFloat = ONNXTensor.narrowFloat(tensor.dataType) != nil
  }
}
