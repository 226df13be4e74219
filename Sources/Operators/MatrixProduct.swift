public import ModelGraph
import PlanFormat

/// The product of two computed stacks of matrices, [..., M, K] by [..., K, N], whose leading axes
/// broadcast by NumPy's rules: attention. With constant weights it is a `FullyConnected`.
public struct MatrixProduct: Operation, Equatable {
  /// Name in tables.
  public static let name = "MatrixProduct"
  /// True when the first operand is given as [..., K, M].
  public var transposesLeft: Bool
  /// True when the second operand is given as [..., N, K].
  public var transposesRight: Bool
  /// Multiplies the product.
  public var factor: Float

  /// Creates a product.
  public init(transposesLeft: Bool = false, transposesRight: Bool = false, factor: Float = 1) {
    self.transposesLeft = transposesLeft
    self.transposesRight = transposesRight
    self.factor = factor
  }

  /// The matrices a product is made of: `rows` × `depth` by `depth` × `columns`, for each of `batch`.
  private struct Extents {
    var batch: [Int]
    var rows: Int
    var depth: Int
    var columns: Int
  }

  private func extents(_ left: [Int], _ right: [Int]) throws(GraphError) -> Extents {
    guard left.count >= 2, right.count >= 2,
      let batch = StridedWalk.broadcastShape(left.dropLast(2), right.dropLast(2))
    else { throw .invalid(node: "", reason: "\(left) and \(right) cannot be multiplied") }
    let (a, b) = (Array(left.suffix(2)), Array(right.suffix(2)))
    let depth = transposesLeft ? a[0] : a[1]
    guard depth == (transposesRight ? b[1] : b[0]) else {
      throw .invalid(node: "", reason: "\(left) and \(right) cannot be multiplied")
    }
    return Extents(
      batch: batch, rows: transposesLeft ? a[1] : a[0], depth: depth,
      columns: transposesRight ? b[0] : b[1])
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let left = try operand(0, of: operands)
    let sizes = try extents(left.shape, operand(1, of: operands).shape)
    return [ValueType(left.element, sizes.batch + [sizes.rows, sizes.columns])]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let sizes = try extents(operand(0, of: operands).shape, operand(1, of: operands).shape)
    let left = try Self.matrices(0, of: operands, turned: transposesLeft, batch: sizes.batch)
    let right = try Self.matrices(1, of: operands, turned: transposesRight, batch: sizes.batch)
    let (rows, depth, columns) = (sizes.rows, sizes.depth, sizes.columns)
    var result = [Float](repeating: 0, count: left.starts.count * rows * columns)
    for (matrix, (a, b)) in zip(left.starts, right.starts).enumerated() {
      for row in 0..<rows {
        let target = (matrix * rows + row) * columns
        for k in 0..<depth {
          let value = left.elements[a + row * depth + k]
          for column in 0..<columns {
            result[target + column] += value * right.elements[b + k * columns + column]
          }
        }
      }
    }
    if factor != 1 { result = result.map { $0 * factor } }
    return [TensorData(shape: sizes.batch + [rows, columns], floats: result)]
  }

  /// An operand with its matrices upright, and where each of the batch's starts.
  private static func matrices(
    _ position: Int, of operands: [TensorData?], turned: Bool, batch: [Int]
  ) throws(GraphError) -> (elements: [Float], starts: [Int]) {
    let tensor = try operand(position, of: operands)
    let rank = tensor.shape.count
    let upright =
      turned ? tensor.permuted(Array(0..<rank - 2) + [rank - 1, rank - 2]) : tensor
    let elements = try floats(0, of: [upright])
    let size = tensor.shape.suffix(2).reduce(1, *)
    let walk = StridedWalk(broadcasting: Array(tensor.shape.dropLast(2)), to: batch)
    return (elements, (walk?.offsets ?? []).map { $0 * size })
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func multiplyAccumulates(_ operands: [ValueType?]) -> Int {
    guard operands.count > 1, let left = operands[0]?.shape, let right = operands[1]?.shape,
      let sizes = try? extents(left, right)
    else { return 0 }
    return sizes.batch.reduce(1, *) * sizes.rows * sizes.depth * sizes.columns
  }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let left = try QuantizedOperand(0, of: node)
    let right = try QuantizedOperand(1, of: node)
    let result = try QuantizedOperand(resultOf: node)
    guard factor > 0, factor.isFinite else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "its factor is \(factor); an integer product needs a positive one")
    }
    let (minimum, maximum) = Activation.none.bounds(in: result.quantization)
    let parameters = MatrixProductParameters(
      transposesLeft: transposesLeft, transposesRight: transposesRight,
      leftZeroPoint: left.quantization.zeroPoint, rightZeroPoint: right.quantization.zeroPoint,
      scale: FixedPointScale(
        nearestTo: Double(factor) * Double(left.quantization.scale)
          * Double(right.quantization.scale) / Double(result.quantization.scale)),
      outputZeroPoint: result.quantization.zeroPoint, minimum: minimum, maximum: maximum)
    builder.emit(
      Instruction(
        name: node.name, operation: .matrixProduct(parameters),
        inputs: [try left.activation(node), try right.activation(node)],
        output: try result.activation(node)))
  }

  public var summary: String {
    let product = (transposesLeft ? "Aᵀ" : "A") + "·" + (transposesRight ? "Bᵀ" : "B")
    return factor == 1 ? product : "\(factor)·\(product)"
  }
}
