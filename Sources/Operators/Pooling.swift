import ModelGraph
import PlanFormat

/// What both pools share: the walk over windows and the lowering.
struct Pooling {
  var padded: PaddedWindow
  var activation: Activation

  func resultType(_ operands: [ValueType?]) throws(GraphError) -> ValueType {
    let input = try operand(0, of: operands)
    let size = try padded.outputSize(of: input.shape)
    return ValueType(input.element, [1, size.height, size.width, input.shape[3]])
  }

  /// Folds each window's valid elements in row-major order; `finish` gets how many there were.
  func evaluate(
    _ operands: [TensorData?], start: Float, fold: (Float, Float) -> Float,
    finish: (Float, Int) -> Float
  ) throws(GraphError) -> TensorData {
    let shape = try operand(0, of: operands).shape
    let outputs = try resultType(operands.map { $0.map { ValueType($0.type, $0.shape) } }).shape
    let input = try floats(0, of: operands)
    let (window, channels) = (padded.window, shape[3])
    var result = [Float](repeating: start, count: outputs.reduce(1, *))
    for row in 0..<outputs[1] {
      for column in 0..<outputs[2] {
        let target = (row * outputs[2] + column) * channels
        let rows = padded.rows(at: row, height: shape[1])
        let columns = padded.columns(at: column, width: shape[2])
        for ky in rows {
          let y = row * window.strideHeight - window.paddingTop + ky * window.dilationHeight
          for kx in columns {
            let x = column * window.strideWidth - window.paddingLeft + kx * window.dilationWidth
            let source = (y * shape[2] + x) * channels
            for channel in 0..<channels {
              result[target + channel] = fold(result[target + channel], input[source + channel])
            }
          }
        }
        for channel in target..<target + channels {
          result[channel] = activation.apply(finish(result[channel], rows.count * columns.count))
        }
      }
    }
    return TensorData(shape: outputs, floats: result)
  }

  func lower(
    _ node: LoweringNode, into builder: inout PlanBuilder,
    operation: (PoolParameters) -> PlanOperation
  ) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    guard input.quantization == result.quantization else {
      throw .unsupported(
        operation: "pool", node: node.name,
        reason: "its result has another scale than its input; the integer pools need one scale")
    }
    let (minimum, maximum) = activation.bounds(in: result.quantization)
    builder.emit(
      Instruction(
        name: node.name,
        operation: operation(
          PoolParameters(window: padded.window, minimum: minimum, maximum: maximum)),
        inputs: [try input.activation(node)], output: try result.activation(node)))
  }
}
