import Importers
import TestSupport

/// How the activations of an example's model file are held.
enum Activations: Sendable { case float, int8, int16 }

extension OperatorExample {
  /// The example of an operator; a function of one image where the tables of examples name none.
  static func of(_ operation: ReadableOperator) -> OperatorExample {
    let table =
      switch (operation.format, operation.domain) {
      case (.tflite, _): TFLiteExamples.standard
      case (_, "ai.onnx.ml"): ONNXExamples.classical
      case (_, "com.microsoft"): ONNXExamples.microsoft
      default: ONNXExamples.standard
      }
    return table[operation.name] ?? OperatorExample()
  }

  /// The shapes of the model's inputs.
  var inputs: [(shape: [Int], element: Element)] {
    operands.compactMap {
      if case .input(let shape, let element) = $0 { (shape, element) } else { nil }
    }
  }

  /// Reals of a constant: neither all alike nor all of one sign.
  static func weights(_ count: Int) -> [Float] {
    (0..<count).map { Float(($0 * 7 + 3) % 16 - 8) / 16 }
  }

  private static func repeated(_ values: [Float], _ shape: [Int]) -> [Float] {
    (0..<shape.reduce(1, *)).map { values[$0 % values.count] }
  }

  static func raw(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
  }

  static func raw(_ values: [Int], size: Int) -> [UInt8] {
    values.flatMap { value in (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  }
}

// MARK: ONNX

extension OperatorExample {
  /// ONNX's number of an element type.
  private static func onnxType(_ element: Element) -> Int {
    switch element {
    case .real: 1
    case .truth: 9
    case .integer: 7
    }
  }

  /// The example as an ONNX model; of int16 activations in QDQ form.
  func onnx(_ operation: ReadableOperator, _ activations: Activations) -> [UInt8] {
    if let model { return model() }
    var sample = ONNXSample()
    sample.opset = opset
    var operandNames: [String] = []
    for (index, operand) in operands.enumerated() {
      operandNames.append(Self.onnx(operand, "x\(index)", activations, &sample))
    }
    if operation.name == "Constant" || inputs.isEmpty { sample.input("unused", ["1", "2"]) }
    let results = results.indices.map { "r\($0)" }
    sample.node(operation.name, operandNames, results, attributes, domain: operation.domain)
    for (index, result) in self.results.enumerated() {
      let output = Self.rounded(results[index], result.element, activations, &sample)
      sample.output(output)
    }
    return sample.bytes
  }

  /// A value behind QuantizeLinear and DequantizeLinear of the example's activations.
  private static func rounded(
    _ name: String, _ element: Element, _ activations: Activations, _ sample: inout ONNXSample
  ) -> String {
    guard activations != .float, element == .real else { return name }
    let isWide = activations == .int16
    let (scale, zero, integers) = (name + "/scale", name + "/zero", name + "/integers")
    sample.constant(scale, [], floats: [isWide ? 1 / 4096 : 1 / 128])
    sample.constant(zero, [], type: isWide ? 5 : 3, raw: raw([0], size: isWide ? 2 : 1))
    sample.node("QuantizeLinear", [name, scale, zero], [integers])
    sample.node("DequantizeLinear", [integers, scale, zero], [name + "/reals"])
    return name + "/reals"
  }

  private static func onnx(
    _ operand: Operand, _ name: String, _ activations: Activations, _ sample: inout ONNXSample
  ) -> String {
    switch operand {
    case .input(let shape, let element):
      sample.input(name, shape.map(String.init), type: onnxType(element))
      return rounded(name, element, activations, &sample)
    case .reals(let shape, let values):
      sample.constant(name, shape, floats: repeated(values, shape))
    case .weights(let shape), .bias(let shape):
      sample.constant(name, shape, floats: weights(shape.reduce(1, *)))
    case .integers(let list): sample.constant(name, integers: list)
    case .integer(let value): sample.constant(name, [], type: 7, raw: raw([value], size: 8))
    case .positions(let shape, let list):
      sample.constant(name, shape, type: 7, raw: raw(list, size: 8))
    case .truth(let value): sample.constant(name, [], type: 9, raw: [value ? 1 : 0])
    case .absent, .variable: return ""
    }
    return name
  }
}

// MARK: TFLite

extension OperatorExample {
  /// The example as a TFLite model.
  func tflite(_ operation: ReadableOperator, _ activations: Activations) -> [UInt8] {
    if let model { return model() }
    var sample = TFLiteFile()
    var numbers: [Int32] = []
    var interface: [Int32] = []
    for (index, operand) in operands.enumerated() {
      let number = Self.tflite(operand, "x\(index)", activations, &sample)
      if case .input = operand { interface.append(number) }
      numbers.append(number)
    }
    if interface.isEmpty { interface = [sample.tensor("unused", [1, 2])] }
    let outputs = results.enumerated().map { index, result in
      let grid = activations == .int8 ? grid : (scale: min(grid.scale, 1 / 128) / 256, zeroPoint: 0)
      return Self.activation(
        "r\(index)", result.shape ?? inputs.first?.shape ?? [1], result.element, activations, grid,
        &sample)
    }
    sample.node(
      Int32(operation.code ?? -1), numbers, outputs,
      options: options.map { ($0.type, $0.fields) })
    sample.interface(inputs: interface, outputs: outputs)
    return sample.bytes
  }

  private static func activation(
    _ name: String, _ shape: [Int], _ element: Element, _ activations: Activations,
    _ grid: (scale: Float, zeroPoint: Int), _ sample: inout TFLiteFile
  ) -> Int32 {
    func integers(_ type: TFLiteFile.Element) -> Int32 {
      sample.tensor(name, type, shape, scales: [grid.scale], zeroPoints: [Int64(grid.zeroPoint)])
    }
    return switch (element, activations) {
    case (.truth, _): sample.tensor(name, .bool, shape)
    case (.integer, _): sample.tensor(name, .int32, shape)
    case (.real, .float): sample.tensor(name, shape)
    case (.real, .int8): integers(.int8)
    case (.real, .int16): integers(.int16)
    }
  }

  /// A constant of reals on the grid of int8 weights, of activations, or of a bias.
  private static func constant(
    _ name: String, _ shape: [Int], _ values: [Float], _ scale: Float, _ type: TFLiteFile.Element,
    size: Int, _ sample: inout TFLiteFile
  ) -> Int32 {
    sample.tensor(
      name, type, shape, data: raw(values.map { Int(($0 / scale).rounded()) }, size: size),
      scales: [scale], zeroPoints: [0])
  }

  private static func tflite(
    _ operand: Operand, _ name: String, _ activations: Activations, _ sample: inout TFLiteFile
  ) -> Int32 {
    let step: Float = activations == .int16 ? 1 / 32768 : 1 / 128
    switch operand {
    case .input(let shape, let element):
      return activation(name, shape, element, activations, (step, 0), &sample)
    case .absent: return -1
    case .integers(let list):
      return sample.tensor(name, .int32, [list.count], data: raw(list, size: 4))
    case .integer(let value):
      return sample.tensor(name, .int32, [], data: raw([value], size: 4))
    case .positions(let shape, let list):
      return sample.tensor(name, .int32, shape, data: raw(list, size: 4))
    case .truth(let value): return sample.tensor(name, .bool, [], data: [value ? 1 : 0])
    case .variable(let shape):
      return sample.tensor(name, shape, isVariable: true)
    case .reals(let shape, let values):
      let reals = repeated(values, shape)
      switch activations {
      case .float: return sample.tensor(name, shape, data: raw(reals))
      case .int8: return constant(name, shape, reals, step, .int8, size: 1, &sample)
      case .int16: return constant(name, shape, reals, step, .int16, size: 2, &sample)
      }
    case .weights(let shape):
      let reals = weights(shape.reduce(1, *))
      return activations == .float
        ? sample.tensor(name, shape, data: raw(reals))
        : constant(name, shape, reals, 1 / 128, .int8, size: 1, &sample)
    case .bias(let shape):
      let reals = weights(shape.reduce(1, *))
      let isWide = activations == .int16
      return activations == .float
        ? sample.tensor(name, shape, data: raw(reals))
        : constant(
          name, shape, reals, step / 128, isWide ? .int64 : .int32, size: isWide ? 8 : 4, &sample)
    }
  }
}
