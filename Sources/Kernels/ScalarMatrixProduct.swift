import PlanFormat

/// A stack of matrix products.
public struct MatrixProductCall {
  let left: UnsafePointer<Int8>
  let right: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  /// Where each pair of matrices starts.
  let pairs: AxisWalk
  let rows: Int
  let depth: Int
  let columns: Int
  /// Elements between rows, and along the depth, of the first operand.
  let leftSteps: (row: Int, depth: Int)
  /// Elements along the depth, and between columns, of the second.
  let rightSteps: (depth: Int, column: Int)
  let parameters: MatrixProductParameters
}

extension ScalarBinder {
  func matrixProduct(_ parameters: MatrixProductParameters) -> MatrixProductCall {
    let (left, right, result) = (layer.inputs[0], layer.inputs[1], layer.output)
    let rank = result.shape.count
    let (rows, columns) = (result.shape[rank - 2], result.shape[rank - 1])
    let leftRank = left.shape.count
    let depth = left.shape[parameters.transposesLeft ? leftRank - 2 : leftRank - 1]
    var pairs = AxisWalk()
    for axis in 0..<rank - 2 {
      pairs.append(
        result.shape[axis], step: Self.step(left.shape, axis, rank),
        companion: Self.step(right.shape, axis, rank))
    }
    return MatrixProductCall(
      left: UnsafePointer(memory.elements(left)), right: UnsafePointer(memory.elements(right)),
      output: memory.elements(result), pairs: pairs, rows: rows, depth: depth, columns: columns,
      leftSteps: parameters.transposesLeft ? (1, rows) : (depth, 1),
      rightSteps: parameters.transposesRight ? (1, depth) : (columns, 1), parameters: parameters)
  }

  /// The step of a tensor along an axis of the result it broadcasts to.
  private static func step(_ shape: [Int], _ axis: Int, _ rank: Int) -> Int {
    let own = axis - (rank - shape.count)
    return own < 0 || shape[own] == 1 ? 0 : AxisWalk.steps(shape)[own]
  }
}

extension ScalarKernels {
  /// acc[m, n] = Σ (a − z_a) · (b − z_b): see `MatrixProductParameters`.
  static func matrixProduct(_ call: MatrixProductCall) {
    let parameters = call.parameters
    var target = call.output
    call.pairs.forEach { leftStart, rightStart in
      for row in 0..<call.rows {
        let a = call.left + (leftStart &+ row &* call.leftSteps.row)
        for column in 0..<call.columns {
          let b = call.right + (rightStart &+ column &* call.rightSteps.column)
          var sum: Int32 = 0
          for k in 0..<call.depth {
            sum &+=
              (Int32(a[k &* call.leftSteps.depth]) &- parameters.leftZeroPoint)
              &* (Int32(b[k &* call.rightSteps.depth]) &- parameters.rightZeroPoint)
          }
          let scaled = FixedPoint.scaleTwice(
            sum, parameters.scale.multiplier, parameters.scale.shift)
          target.pointee = FixedPoint.clamp(
            scaled &+ parameters.outputZeroPoint, parameters.minimum, parameters.maximum)
          target += 1
        }
      }
    }
  }
}
