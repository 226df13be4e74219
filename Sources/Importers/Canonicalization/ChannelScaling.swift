import ModelGraph
import Operators

/// a · x + b per channel, an index along one axis: a batch normalisation with a = scale / √(variance + ε) and
/// b = bias − a · mean, or a sum or product with a constant that is the same at all positions.
struct ChannelScaling {
  /// x.
  let input: ValueID
  /// One a per channel.
  let factors: [Double]
  /// One b per channel.
  let addends: [Double]

  /// Nil unless `node` computes one from finite constants.
  ///
  /// - Parameter axis: that of the channels; nil for the last.
  init?(_ node: Node, _ editor: GraphEditor, axis: Int? = nil) throws(GraphError) {
    guard let output = node.outputs.first, !editor.shape(output).isEmpty else { return nil }
    let shape = editor.shape(output)
    let axis = axis ?? shape.count - 1
    if let operation = node.operation as? BatchNormalization {
      guard operation.axis == axis else { return nil }
      try self.init(operation, node, editor)
    } else if let operation = node.operation as? Pointwise, let line = operation.expression.line,
      let input = node.inputs[0]
    {
      self.init(
        input: input, factors: [Double](repeating: line.factor, count: shape[axis]),
        addends: [Double](repeating: line.addend, count: shape[axis]))
    } else if let operation = node.operation as? Binary, operation.activation == .none {
      self.init(operation.function, node, editor, axis)
    } else {
      return nil
    }
    guard (factors + addends).allSatisfy({ Float($0).isFinite }) else { return nil }
  }

  /// True if all channels have the same.
  var isUniform: Bool {
    factors.allSatisfy { $0 == factors[0] } && addends.allSatisfy { $0 == addends[0] }
  }

  private init(input: ValueID, factors: [Double], addends: [Double]) {
    self.input = input
    self.factors = factors
    self.addends = addends
  }

  private init?(
    _ operation: BatchNormalization, _ node: Node, _ editor: GraphEditor
  ) throws(GraphError) {
    guard node.inputs.count == 5, let input = node.inputs[0],
      let scale = editor.floats(node.inputs[1])?.floats,
      let bias = editor.floats(node.inputs[2])?.floats,
      let mean = editor.floats(node.inputs[3])?.floats,
      let variance = editor.floats(node.inputs[4])?.floats
    else { return nil }
    var factors: [Double] = []
    var addends: [Double] = []
    for channel in scale.indices {
      let spread = Double(variance[channel]) + Double(operation.epsilon)
      guard spread > 0 else {
        throw GraphError.invalid(
          node: node.name, reason: "the variance of channel \(channel) is not positive")
      }
      let factor = Double(scale[channel]) / spread.squareRoot()
      factors.append(factor)
      addends.append(Double(bias[channel]) - factor * Double(mean[channel]))
    }
    self.init(input: input, factors: factors, addends: addends)
  }

  private init?(_ function: BinaryFunction, _ node: Node, _ editor: GraphEditor, _ axis: Int) {
    guard node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1] else {
      return nil
    }
    let isRight = editor.floats(right) != nil
    let shape = editor.shape(node.outputs[0])
    let input = isRight ? left : right
    let inner = shape[(axis + 1)...].reduce(1, *)
    guard editor.shape(input) == shape, editor[input].constant == nil,
      let constant = editor.floats(isRight ? right : left)?.broadcast(to: shape)?.floats,
      constant.indices.allSatisfy({
        constant[$0] == constant[$0 / inner % shape[axis] * inner]
      })
    else { return nil }
    let values = (0..<shape[axis]).map { Double(constant[$0 * inner]) }
    let ones = [Double](repeating: 1, count: values.count)
    let zeros = [Double](repeating: 0, count: values.count)
    switch function {
    case .add: self.init(input: input, factors: ones, addends: values)
    case .subtract where isRight:
      self.init(input: input, factors: ones, addends: values.map { -$0 })
    case .subtract: self.init(input: input, factors: ones.map { -$0 }, addends: values)
    case .multiply: self.init(input: input, factors: values, addends: zeros)
    case .divide where isRight:
      self.init(input: input, factors: values.map { 1 / $0 }, addends: zeros)
    default: return nil
    }
  }
}
