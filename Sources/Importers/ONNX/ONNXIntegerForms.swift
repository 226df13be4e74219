import ModelGraph
import Operators

/// An operator on integers that ONNX and onnxruntime spell as one node: dequantise every operand, do
/// the operator on floats, quantise its result. It is imported as those nodes.
struct ONNXIntegerForm: Sendable {
  /// Positions of an integer operand, its scale and its zero point.
  struct Operand: Sendable {
    let tensor: Int
    let scale: Int
    let zeroPoint: Int
    /// Axis of a list of scales: from the end where negative.
    let axis: Int

    init(_ tensor: Int, axis: Int = 1) {
      self.tensor = tensor
      scale = tensor + 1
      zeroPoint = tensor + 2
      self.axis = axis
    }
  }

  /// The operator on floats, of the default domain.
  let operation: String
  /// Its operands.
  let operands: [Operand]
  /// Position of an int32 bias in steps of the first two scales' product.
  let bias: Int?
  /// Position of the result's scale; its zero point follows.
  let result: Int

  /// Describes a form.
  init(_ operation: String, _ operands: [Operand], bias: Int? = nil, result: Int) {
    self.operation = operation
    self.operands = operands
    self.bias = bias
    self.result = result
  }

  /// The line of a form in the operator table.
  static func mapping(
    _ operation: String, _ operands: [Operand], bias: Int? = nil, result: Int
  ) -> ONNXMapping {
    let form = ONNXIntegerForm(operation, operands, bias: bias, result: result)
    return ONNXMapping { (node, builder) throws(GraphError) in try form.expand(node, &builder) }
  }

  /// `QLinearConcat`: the result's scale and zero point stand first, any number of operands behind.
  @Sendable static func concat(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let operands = stride(from: 2, to: node.inputs.count, by: 3).map { Operand($0) }
    try ONNXIntegerForm("Concat", operands, result: 0).expand(node, &builder)
  }

  /// `QGemm`: without a scale of the result, that is float.
  @Sendable static func gemm(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let axis = try node.int("transB", default: 0) != 0 ? 0 : 1
    let form = ONNXIntegerForm(
      "Gemm", [Operand(0), Operand(3, axis: axis)], bias: 6, result: 7)
    try form.expand(node, &builder)
  }

  private func expand(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    guard try node.int("channels_last", default: 0) == 0 else {
      throw node.unsupported("channels_last = 1 is not run; export it channels first")
    }
    var inputs: [String] = []
    for operand in operands {
      inputs.append(try dequantized(operand, node, &builder))
    }
    if let bias, try builder.optional(node, bias) != nil {
      inputs.append(try dequantizedBias(bias, node, &builder))
    }
    let isQuantized = try builder.optional(node, result) != nil
    let output = node.outputs.first ?? node.name
    var inner = node
    inner.operation = operation
    inner.domain = ""
    inner.inputs = inputs
    inner.outputs = [isQuantized ? output + "/real" : output]
    guard let mapping = ONNXOperatorTable.mapping(of: inner) else {
      throw node.unsupported("Swiftlet does not run \(operation), which it stands for")
    }
    try mapping.convert(inner, &builder)
    guard isQuantized else { return }
    try ONNXQuantization.quantize(
      node.part(
        "QuantizeLinear", [inner.outputs[0]] + node.names(result..<result + 2), to: output),
      &builder)
  }

  private func dequantized(
    _ operand: Operand, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) -> String {
    let name = "\(node.outputs.first ?? node.name)/operand\(operand.tensor)"
    var part = node.part(
      "DequantizeLinear", node.names(operand.tensor..<operand.zeroPoint + 1), to: name)
    part.attributes = ["axis": .int(operand.axis)]
    try ONNXQuantization.dequantize(part, &builder)
    return name
  }

  /// The bias's scale is the product of the operands' scales, and with alpha of a `QGemm`.
  private func dequantizedBias(
    _ position: Int, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) -> String {
    let left = try builder.floats(node, operands[0].scale)
    let right = try builder.floats(node, operands[1].scale)
    guard let factor = left.floats?.first, left.count == 1, let scales = right.floats,
      let integers = builder.data(try builder.operand(node, position))?.integers,
      scales.count == 1 || scales.count == integers.count
    else { throw node.unsupported("its bias and scales must be constants that go together") }
    let alpha = Double(try node.float("alpha", default: 1))
    let reals = integers.enumerated().map { index, integer in
      Float(
        Double(integer) * alpha * Double(factor) * Double(scales[scales.count == 1 ? 0 : index]))
    }
    let name = "\(node.outputs.first ?? node.name)/bias"
    try builder.bind(
      name, builder.constant(name, TensorData(shape: [integers.count], floats: reals)))
    return name
  }
}

extension ONNXNode {
  /// A node that does part of this one.
  fileprivate func part(_ operation: String, _ inputs: [String], to output: String) -> ONNXNode {
    var part = self
    part.operation = operation
    part.domain = ""
    part.inputs = inputs
    part.outputs = [output]
    part.attributes = [:]
    return part
  }

  /// Names of operands; empty beyond the last.
  fileprivate func names(_ range: Range<Int>) -> [String] {
    range.map { $0 < inputs.count ? inputs[$0] : "" }
  }
}
