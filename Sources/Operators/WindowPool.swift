public import ModelGraph

/// A pool over any number of spatial axes of [N, C, D…]: what the pools of images are not made for, in
/// the float reference only (three axes, positions of the maxima, integers).
public struct WindowPool: Operation, Equatable {
  /// How a maximum's position is counted over the spatial axes.
  public enum Order: Sendable {
    case rowMajor
    case columnMajor
  }

  /// What is kept of a window.
  public enum Kind: Sendable, Equatable {
    /// Its largest element, and with an order also the position of that in the whole tensor.
    case maximum(positions: Order?)
    /// The average, over padding too or not; an overhang beyond the padding never counts.
    case average(countsPadding: Bool)
  }

  /// One spatial axis.
  public struct Axis: Sendable, Equatable {
    /// Taps.
    public var kernel: Int
    /// Elements between windows.
    public var stride: Int
    /// Elements between taps.
    public var dilation: Int
    /// Padding before the first element.
    public var begin: Int
    /// Padding behind the last.
    public var end: Int
    /// Windows.
    public var count: Int

    /// Creates an axis.
    public init(kernel: Int, stride: Int, dilation: Int, begin: Int, end: Int, count: Int) {
      self.kernel = kernel
      self.stride = stride
      self.dilation = dilation
      self.begin = begin
      self.end = end
      self.count = count
    }

    /// Positions under window `index`, relative to the input's first element.
    func taps(_ index: Int) -> [Int] {
      (0..<kernel).map { index * stride - begin + $0 * dilation }
    }
  }

  /// Name in tables.
  public static let name = "WindowPool"
  /// What is kept of a window.
  public var kind: Kind
  /// The spatial axes.
  public var axes: [Axis]

  /// Creates a pool.
  public init(kind: Kind, axes: [Axis]) {
    self.kind = kind
    self.axes = axes
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard input.shape.count == axes.count + 2, axes.allSatisfy({ $0.count > 0 }) else {
      throw .invalid(node: "", reason: "\(axes.count) windows do not fit \(input.shape)")
    }
    let shape = input.shape.prefix(2) + axes.map(\.count)
    if case .maximum(.some) = kind {
      return [ValueType(input.element, Array(shape)), ValueType(.int64, Array(shape))]
    }
    return [ValueType(input.element, Array(shape))]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    let types = try resultTypes([ValueType(input.type, input.shape)])
    let shape = input.shape
    let plane = shape[2...].reduce(1, *)
    let windows = axes.reduce(1) { $0 * $1.count }
    let inner = windowTaps(Array(shape[2...]))
    if case .average(let countsPadding) = kind {
      let values = try floats(0, of: operands)
      var result: [Float] = []
      for start in stride(from: 0, to: input.count, by: plane) {
        for window in inner {
          let sum = window.offsets.reduce(Float(0)) { $0 + values[start + $1] }
          result.append(sum / Float(countsPadding ? window.padded : max(window.offsets.count, 1)))
        }
      }
      return [TensorData(shape: types[0].shape, floats: result)]
    }
    // The first of equal maxima.
    var places: [Int] = []
    let ranks = input.floats ?? (input.integers ?? []).map { Float($0) }
    for start in stride(from: 0, to: input.count, by: plane) {
      for window in inner {
        guard let first = window.offsets.first else {
          throw .invalid(node: "", reason: "a window lies in the padding alone")
        }
        places.append(
          start
            + window.offsets.dropFirst().reduce(first) {
              ranks[start + $1] > ranks[start + $0] ? $1 : $0
            })
      }
    }
    let maxima = input.picking(places, shape: types[0].shape)
    guard case .maximum(let order?) = kind, windows > 0 else { return [maxima] }
    let positions = places.map { Int64(order == .rowMajor ? $0 : columnMajor($0, shape)) }
    return [maxima, TensorData(shape: types[0].shape, elements: .int64(positions))]
  }

  /// Per window the offsets of its taps inside a plane, and how many taps the padding adds to them.
  private func windowTaps(_ sizes: [Int]) -> [(offsets: [Int], padded: Int)] {
    var list: [(offsets: [Int], padded: Int)] = [([0], 1)]
    for (axis, size) in zip(axes, sizes) {
      var next: [(offsets: [Int], padded: Int)] = []
      for (offsets, padded) in list {
        for index in 0..<axis.count {
          let taps = axis.taps(index)
          let inside = taps.filter { (0..<size).contains($0) }
          let counted = taps.count { $0 >= -axis.begin && $0 < size + axis.end }
          next.append(
            (offsets.flatMap { offset in inside.map { offset * size + $0 } }, padded * counted))
        }
      }
      list = next
    }
    return list
  }

  /// A row-major position with its spatial part counted column by column.
  private func columnMajor(_ position: Int, _ shape: [Int]) -> Int {
    let sizes = shape[2...]
    let plane = sizes.reduce(1, *)
    var rest = position % plane
    var (result, weight) = (position - rest, plane)
    for size in sizes.reversed() {
      weight /= size
      result += rest % size * weight
      rest /= size
    }
    return result
  }

  public var quantizationRule: QuantizationRule { .sameAsInput }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "pools over three axes, or with positions, run in the float reference only")
  }

  public var summary: String {
    axes.map { String($0.kernel) }.joined(separator: "x")
  }
}
