public import ModelGraph
import PlanFormat

/// Some axes of a tensor folded into one element each.
public struct Reduce: Operation, Equatable {
  /// What becomes of the elements.
  public enum Kind: String, Sendable {
    case mean
    case sum
    case maximum
    case minimum
    case product
    /// Σ x²
    case sumOfSquares = "sum of squares"
    /// Σ |x|
    case l1
    /// √ Σ x²
    case l2
    /// ln Σ x
    case logSum = "log of sum"
    /// ln Σ eˣ
    case logSumExp = "log of sum of exponentials"
  }

  /// Name in tables.
  public static let name = "Reduce"
  /// The fold.
  public var kind: Kind
  /// Axes folded, ascending and not negative.
  public var axes: [Int]
  /// True when they stay with size 1.
  public var keepsDimensions: Bool

  /// Creates a reduction.
  public init(kind: Kind, axes: [Int], keepsDimensions: Bool) {
    self.kind = kind
    self.axes = axes.sorted()
    self.keepsDimensions = keepsDimensions
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard axes.allSatisfy(input.shape.indices.contains), Set(axes).count == axes.count else {
      throw .invalid(node: "", reason: "axes \(axes) do not exist in \(input.shape)")
    }
    let shape = input.shape.indices.compactMap { axis -> Int? in
      axes.contains(axis) ? (keepsDimensions ? 1 : nil) : input.shape[axis]
    }
    return [ValueType(input.element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    let type = try resultTypes([ValueType(input.type, input.shape)])[0]
    let kept = input.shape.indices.filter { !axes.contains($0) }
    let rows = input.permuted(kept + axes)
    let length = axes.map { input.shape[$0] }.reduce(1, *)
    let starts = (0..<type.shape.reduce(1, *)).map { $0 * length }
    if let values = rows.floats {
      let folded = starts.map { fold(values[$0..<$0 + length]) }
      return [TensorData(shape: type.shape, floats: folded)]
    }
    var folded: [Int] = []
    let values = rows.integers ?? []
    for start in starts {
      guard let element = fold(values[start..<start + length]) else {
        throw .invalid(
          node: "", reason: "\(kind.rawValue) of \(input.type.rawValue) is not defined")
      }
      folded.append(element)
    }
    return [TensorData(shape: type.shape, input.type, integers: folded)]
  }

  /// In row-major order of the folded axes.
  private func fold(_ row: ArraySlice<Float>) -> Float {
    func sum(_ term: (Float) -> Float) -> Float { row.reduce(0) { $0 + term($1) } }
    switch kind {
    case .mean: return sum { $0 } / Float(row.count)
    case .sum: return sum { $0 }
    case .maximum: return row.reduce(-.infinity) { $0 > $1 ? $0 : $1 }
    case .minimum: return row.reduce(.infinity) { $0 < $1 ? $0 : $1 }
    case .product: return row.reduce(1, *)
    case .sumOfSquares: return sum { $0 * $0 }
    case .l1: return sum(abs)
    case .l2: return sum { $0 * $0 }.squareRoot()
    case .logSum: return Float(RealFunctions.log(Double(sum { $0 })))
    case .logSumExp:
      let largest = Double(row.max() ?? 0)
      guard largest.isFinite else { return Float(largest) }
      let powers = row.reduce(0.0) { $0 + Exponential.exp(Double($1) - largest) }
      return Float(largest + RealFunctions.log(powers))
    }
  }

  private func fold(_ row: ArraySlice<Int>) -> Int? {
    switch kind {
    case .mean: row.isEmpty ? nil : row.reduce(0, &+) / row.count
    case .sum: row.reduce(0, &+)
    case .maximum: row.max()
    case .minimum: row.min()
    case .product: row.reduce(1, &*)
    case .sumOfSquares: row.reduce(0) { $0 &+ $1 &* $1 }
    case .l1: row.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }
    case .l2, .logSum, .logSumExp: nil
    }
  }

  public var quantizationRule: QuantizationRule {
    kind == .maximum || kind == .minimum ? .sameAsInput : .calibrated
  }

  public var isPositivelyHomogeneous: Bool {
    switch kind {
    case .mean, .sum, .maximum, .minimum, .l1, .l2: true
    case .product, .sumOfSquares, .logSum, .logSumExp: false
    }
  }

  /// The fold over the axes as they were; what is left keeps its order.
  public func ignoring(
    _ permutation: [Int]
  ) -> (operation: any Operation, permutation: [Int])? {
    guard axes.allSatisfy(permutation.indices.contains) else { return nil }
    let source = axes.map { permutation[$0] }
    let operation = Reduce(kind: kind, axes: source, keepsDimensions: keepsDimensions)
    if keepsDimensions { return (operation, permutation) }
    let kept = permutation.filter { !source.contains($0) }
    let ranks = kept.sorted()
    return (operation, kept.compactMap { ranks.firstIndex(of: $0) })
  }

  /// A mean over height and width is an instruction of its own, which has fast kernels.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    let (from, to) = (input.quantization, result.quantization)
    let count = axes.map { input.shape[$0] }.reduce(1, *)
    var scale = FixedPointScale(nearestTo: Double(from.scale) / Double(to.scale))
    let fold: ReductionParameters.Kind
    switch kind {
    case .mean:
      fold = .scaledSum
      scale = scale.divided(by: count)
    case .sum: fold = .scaledSum
    case .maximum: fold = .maximum
    case .minimum: fold = .minimum
    default:
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "\(kind.rawValue) has no integer form; mean, sum, maximum and minimum have")
    }
    guard fold == .scaledSum || from == to else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "its result has another scale than its input; it only picks integers")
    }
    let (minimum, maximum) = Activation.none.bounds(in: to)
    let operation: PlanOperation =
      if kind == .mean, input.shape.count == 4, input.shape[0] == 1, axes == [1, 2] {
        .spatialMean(
          SpatialMeanParameters(
            inputZeroPoint: from.zeroPoint, scale: scale, outputZeroPoint: to.zeroPoint,
            minimum: minimum, maximum: maximum))
      } else {
        .reduction(
          ReductionParameters(
            kind: fold, axes: AxisSet(axes), inputZeroPoint: from.zeroPoint, scale: scale,
            outputZeroPoint: to.zeroPoint, minimum: minimum, maximum: maximum))
      }
    builder.emit(
      Instruction(
        name: node.name, operation: operation, inputs: [try input.activation(node)],
        output: try result.activation(node)))
  }

  public var summary: String {
    "\(kind.rawValue) axes \(axes.map(String.init).joined(separator: ","))"
  }
}
