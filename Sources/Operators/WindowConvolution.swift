public import ModelGraph

/// A convolution over any number of spatial axes of [N, C, D…], plain or transposed: what the
/// convolutions of images are not made for, in the float reference only (three axes, several items).
///
/// Operands: x, weights [O, C / groups, K…] (transposed: [C, O / groups, K…]), bias [O] or none.
public struct WindowConvolution: Operation, Equatable {
  /// Name in tables.
  public static let name = "WindowConvolution"
  /// The spatial axes; `count` is the result's size, and strides are distances in the result of a
  /// transposed convolution.
  public var axes: [WindowPool.Axis]
  /// Groups of channels that do not see each other.
  public var groups: Int
  /// True when every element of x spreads a window over the result.
  public var isTransposed: Bool

  /// Creates a convolution.
  public init(axes: [WindowPool.Axis], groups: Int, isTransposed: Bool) {
    self.axes = axes
    self.groups = groups
    self.isTransposed = isTransposed
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    let weights = try operand(1, of: operands).shape
    guard input.shape.count == axes.count + 2, weights.count == axes.count + 2, groups > 0,
      weights[2...].elementsEqual(axes.map(\.kernel)), axes.allSatisfy({ $0.count > 0 }),
      (isTransposed ? weights[0] : weights[1] * groups) == input.shape[1],
      weights[0] % groups == 0
    else {
      throw .invalid(
        node: "", reason: "weights \(weights) in \(groups) groups do not fit \(input.shape)")
    }
    let outputs = isTransposed ? weights[1] * groups : weights[0]
    if operands.count > 2, let bias = operands[2], bias.shape != [outputs] {
      throw .invalid(node: "", reason: "bias has shape \(bias.shape), not [\(outputs)]")
    }
    return [ValueType(input.element, [input.shape[0], outputs] + axes.map(\.count))]
  }

  /// Sums over the channels of a group, and for each over its taps in row-major order.
  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    let kernel = try operand(1, of: operands).shape
    let type = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0]
    let input = try floats(0, of: operands)
    let weights = try floats(1, of: operands)
    let (items, outputs) = (type.shape[0], type.shape[1])
    let bias =
      operands.count > 2 && operands[2] != nil
      ? try floats(2, of: operands) : [Float](repeating: 0, count: outputs)
    let (depth, filters) = (shape[1] / groups, outputs / groups)
    let (plane, taps) = (shape[2...].reduce(1, *), kernel[2...].reduce(1, *))
    let places = type.shape[2...].reduce(1, *)
    let pairs = zip(axes, shape[2...]).map { axis, size in
      (0..<axis.count).map {
        isTransposed ? axis.spread($0, size: size) : axis.read($0, size: size)
      }
    }
    var result = [Float](repeating: 0, count: items * outputs * places)
    for place in 0..<places {
      let window = self.window(at: place, pairs, Array(shape[2...]))
      for item in 0..<items {
        for output in 0..<outputs {
          let (group, filter) = (output / filters, output % filters)
          var sum = bias[output]
          for channel in 0..<depth {
            let source = (item * shape[1] + group * depth + channel) * plane
            let row =
              isTransposed
              ? (group * depth + channel) * filters + filter : output * depth + channel
            for (offset, tap) in window {
              sum += input[source + offset] * weights[row * taps + tap]
            }
          }
          result[(item * outputs + output) * places + place] = sum
        }
      }
    }
    return [TensorData(shape: type.shape, floats: result)]
  }

  /// The elements of a plane that go into one of the result's, each with its tap.
  private func window(
    at place: Int, _ pairs: [[[(position: Int, tap: Int)]]], _ sizes: [Int]
  ) -> [(offset: Int, tap: Int)] {
    var indices: [Int] = []
    var rest = place
    for axis in axes.reversed() {
      indices.insert(rest % axis.count, at: 0)
      rest /= axis.count
    }
    var list: [(offset: Int, tap: Int)] = [(0, 0)]
    for (number, axis) in axes.enumerated() {
      list = list.flatMap { offset, tap in
        pairs[number][indices[number]].map {
          (offset * sizes[number] + $0.position, tap * axis.kernel + $0.tap)
        }
      }
    }
    return list
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func multiplyAccumulates(_ operands: [ValueType?]) -> Int {
    guard let input = operands.first ?? nil, operands.count > 1, let weights = operands[1]?.shape,
      weights.count > 2, weights.count == input.shape.count
    else { return 0 }
    let windows =
      input.shape[0]
      * (isTransposed ? input.shape[2...].reduce(1, *) : axes.reduce(1) { $0 * $1.count })
    return windows * weights.reduce(1, *)
  }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "convolutions over three axes, or of several items, run in the float reference only")
  }

  public var summary: String {
    axes.map { String($0.kernel) }.joined(separator: "x") + (isTransposed ? " transposed" : "")
      + (groups == 1 ? "" : " groups \(groups)")
  }
}

extension WindowPool.Axis {
  /// The positions of an axis of `size` that window `index` reads, each with its tap.
  fileprivate func read(_ index: Int, size: Int) -> [(position: Int, tap: Int)] {
    taps(index).enumerated().compactMap { tap, position in
      (0..<size).contains(position) ? (position, tap) : nil
    }
  }

  /// The positions whose windows cover element `index` of a transposed convolution's result.
  fileprivate func spread(_ index: Int, size: Int) -> [(position: Int, tap: Int)] {
    (0..<kernel).compactMap { tap in
      let distance = index + begin - tap * dilation
      guard distance >= 0, distance % stride == 0, distance / stride < size else { return nil }
      return (distance / stride, tap)
    }
  }
}
