public import ModelGraph
import PlanFormat

/// Resampling axis by axis: along a resized axis each result is a weighted sum of a few elements.
/// Nearest, linear and cubic interpolation of every coordinate convention are such sums; importers
/// write them out.
public struct Resize: Operation, Equatable {
  /// Name in tables.
  public static let name = "Resize"

  /// An element and its weight.
  public struct Tap: Sendable, Equatable {
    /// Position along the axis.
    public var position: Int
    /// Its weight; the weights of a result sum to 1.
    public var weight: Float

    /// Creates a tap.
    public init(position: Int, weight: Float) {
      self.position = position
      self.weight = weight
    }
  }

  /// For each axis what every result is made of; nil: the axis as it is. A result without taps lies
  /// outside of the operand.
  public var axes: [[[Tap]]?]
  /// What stands outside.
  public var outside: Float

  /// Creates a resampling.
  public init(axes: [[[Tap]]?], outside: Float = 0) {
    self.axes = axes
    self.outside = outside
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard axes.count == input.shape.count else {
      throw .invalid(node: "", reason: "it resizes \(axes.count) axes of \(input.shape)")
    }
    var shape = input.shape
    for (axis, results) in axes.enumerated() {
      guard let results else { continue }
      guard results.allSatisfy({ $0.allSatisfy { (0..<input.shape[axis]).contains($0.position) } })
      else { throw .invalid(node: "", reason: "it reads beyond axis \(axis) of \(input.shape)") }
      shape[axis] = results.count
    }
    return [ValueType(input.element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    var tensor = try operand(0, of: operands)
    _ = try resultTypes([ValueType(tensor.type, tensor.shape)])
    for (axis, results) in axes.enumerated() {
      guard let results else { continue }
      if results.allSatisfy({ $0.count == 1 && $0[0].weight == 1 }) {
        var positions = [[Int]?](repeating: nil, count: axes.count)
        positions[axis] = results.map { $0[0].position }
        tensor = try Pick(positions: positions).evaluate([tensor])[0]
      } else {
        tensor = resampled(try floats(0, of: [tensor]), tensor.shape, axis, results)
      }
    }
    return [tensor]
  }

  private func resampled(
    _ values: [Float], _ shape: [Int], _ axis: Int, _ results: [[Tap]]
  ) -> TensorData {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    var sums: [Float] = []
    sums.reserveCapacity(outer * results.count * inner)
    for block in 0..<outer {
      for taps in results {
        for element in 0..<inner {
          var sum = taps.isEmpty ? outside : 0
          for tap in taps {
            sum += tap.weight * values[(block * shape[axis] + tap.position) * inner + element]
          }
          sums.append(sum)
        }
      }
    }
    var resized = shape
    resized[axis] = results.count
    return TensorData(shape: resized, floats: sums)
  }

  /// A list of taps for each result.
  public var attributeBytes: Int {
    axes.reduce(0) { total, results in
      (results ?? []).reduce(total) { $0 + 32 + $1.count * MemoryLayout<Tap>.stride }
    }
  }

  /// No result lies outside of the operand.
  private var staysInside: Bool {
    axes.allSatisfy { $0?.allSatisfy { !$0.isEmpty } ?? true }
  }

  /// What cubic weights overshoot is clamped to the input's range.
  public var quantizationRule: QuantizationRule { .sameAsInput }
  /// As long as channels stay apart.
  public var isPositivelyHomogeneous: Bool { staysInside && axes.last == .some(nil) }

  public func ignoring(
    _ permutation: [Int]
  ) -> (operation: any Operation, permutation: [Int])? {
    guard permutation.count == axes.count else { return nil }
    var before = axes
    for (axis, source) in permutation.enumerated() { before[source] = axes[axis] }
    return (Resize(axes: before, outside: outside), permutation)
  }

  /// One resize: rows and columns are the one or two neighbouring axes that change.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    guard input.quantization == result.quantization else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "its result has another scale than its input; integer resizing needs one")
    }
    let changed = axes.indices.filter { axes[$0] != nil }
    guard let last = changed.last, changed.count <= 2, last - changed[0] < 2 else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "it resizes axes \(changed) of \(input.shape); one axis or two neighbours are run")
    }
    // A single axis: whatever lies before it are rows that stay.
    let first = changed.count == 2 ? changed[0] : last
    let before = input.shape[..<first].reduce(1, *)
    guard changed.count == 1 || before == 1 else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "it resizes several images at once, \(input.shape); resize them one by one")
    }
    let rows =
      changed.count == 2
      ? axes[first] ?? [] : (0..<before).map { [Tap(position: $0, weight: 1)] }
    let columns = axes[last] ?? []
    let parameters = ResizeParameters(
      height: changed.count == 2 ? input.shape[first] : before, width: input.shape[last],
      channels: input.shape[(last + 1)...].reduce(1, *),
      rows: builder.constant(try Self.table(rows, node)), rowTaps: Self.taps(rows),
      columns: builder.constant(try Self.table(columns, node)), columnTaps: Self.taps(columns))
    builder.emit(
      Instruction(
        name: node.name, operation: .resize(parameters), inputs: [try input.activation(node)],
        output: try result.activation(node)))
  }

  private static func taps(_ results: [[Tap]]) -> Int { results.map(\.count).max() ?? 1 }

  /// Weights in steps of 2^-10; what rounding leaves of 1 goes to the largest.
  private static func table(
    _ results: [[Tap]], _ node: LoweringNode
  ) throws(GraphError) -> [UInt8] {
    let width = taps(results)
    var bytes: [UInt8] = []
    for taps in results {
      let unit = ResizeParameters.unit
      var weights = taps.map { Int32(($0.weight * Float(unit)).rounded(.toNearestOrAwayFromZero)) }
      guard let largest = weights.indices.max(by: { weights[$0] < weights[$1] }),
        width <= PlanLimits.resizeTaps, taps.allSatisfy({ $0.position < 1 << 16 })
      else {
        throw .unsupported(
          operation: Self.name, node: node.name,
          reason: "it reads outside of its input, shrinks by too much, or has too long an axis")
      }
      weights[largest] += unit - weights.reduce(0, +)
      for index in 0..<width {
        let position = index < taps.count ? taps[index].position : taps[0].position
        let weight = index < taps.count ? weights[index] : 0
        bytes += [UInt8(position & 0xff), UInt8(position >> 8)]
        bytes += [UInt8(truncatingIfNeeded: weight), UInt8(truncatingIfNeeded: weight >> 8)]
      }
    }
    return bytes
  }

  /// `axis 1: 56, axis 2: 56, 2 taps`.
  public var summary: String {
    let sizes = axes.enumerated().compactMap { axis, results in
      results.map { "axis \(axis) to \($0.count)" }
    }
    let taps = axes.compactMap { $0?.map(\.count).max() }.max() ?? 1
    return sizes.joined(separator: ", ") + (taps == 1 ? ", nearest" : ", \(taps) taps")
  }
}
