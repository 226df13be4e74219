/// Rounds a row of weights so that the layer's result changes least, not each weight: the error of
/// one weight is made good by those after it (Frantar et al. 2023, "GPTQ").
///
/// With e = w − q and H = Σ x · xᵀ the squared error of the result is e · H · eᵀ. H = R · Rᵀ with R upper
/// triangular makes it Σ_j (Σ_{i ≤ j} e_i · R_ij)², so that weight j is rounded after adding
/// Σ_{i < j} e_i · R_ij / R_jj: GPTQ's update, from a Cholesky factor alone, without an inverse.
struct RoundingFeedback {
  /// Added to the diagonal, as a part of its mean: inputs that never move must not divide by zero.
  static let damping = 0.01

  private let size: Int
  /// R, row-major.
  private let factor: [Double]

  /// Factors one matrix of the moments.
  init(_ moments: InputMoments, group: Int) {
    let size = moments.size
    let start = group * size * size
    var matrix = [Double](repeating: 0, count: size * size)
    var trace = 0.0
    for i in 0..<size {
      for j in i..<size { matrix[i * size + j] = Double(moments.products[start + i * size + j]) }
      trace += matrix[i * size + i]
    }
    let floor = max(Self.damping * trace / Double(size), .leastNormalMagnitude)
    for i in 0..<size { matrix[i * size + i] += floor }
    Self.factorize(&matrix, size: size)
    self.size = size
    factor = matrix
  }

  /// Turns the upper triangle of a positive definite H into R with H = R · Rᵀ, last column first.
  private static func factorize(_ matrix: inout [Double], size: Int) {
    matrix.withUnsafeMutableBufferPointer { matrix in
      for j in stride(from: size - 1, through: 0, by: -1) {
        let (line, rest) = (j * size, j + 1)
        let square = matrix[line + j] - dot(matrix, line + rest, line + rest, size - rest)
        let pivot = max(square, .leastNormalMagnitude).squareRoot()
        matrix[line + j] = pivot
        for i in 0..<j {
          let sum = dot(matrix, i * size + rest, line + rest, size - rest)
          matrix[i * size + j] = (matrix[i * size + j] - sum) / pivot
        }
      }
    }
  }

  /// Σ a_k · b_k in eight interleaved sums: one order on every host.
  private static func dot(
    _ elements: UnsafeMutableBufferPointer<Double>, _ a: Int, _ b: Int, _ count: Int
  ) -> Double {
    var sums = SIMD8<Double>.zero
    var k = 0
    while k + 8 <= count {
      var (left, right) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
      for lane in 0..<8 {
        left[lane] = elements[a + k + lane]
        right[lane] = elements[b + k + lane]
      }
      sums += left * right
      k += 8
    }
    var sum = sums.sum()
    while k < count {
      sum += elements[a + k] * elements[b + k]
      k += 1
    }
    return sum
  }

  /// Integers of a row of weights.
  ///
  /// - Parameters:
  ///   - weights: as many as the matrix has rows.
  ///   - scale: step of the integers.
  ///   - level: what a weight becomes that should be some steps; nil for the nearest.
  /// - Returns: levels in −127…127.
  func round(
    _ weights: [Float], scale: Float, to level: (_ tap: Int, _ wanted: Double) -> Double?
  ) -> [Int8] {
    var carried = [Double](repeating: 0, count: size)
    let step = Double(scale)
    return carried.withUnsafeMutableBufferPointer { carried in
      factor.withUnsafeBufferPointer { factor in
        (0..<size).map { j in
          let weight = Double(weights[j])
          let wanted = weight + carried[j] / factor[j * size + j]
          let level = level(j, wanted / step) ?? min(max((wanted / step).rounded(), -127), 127)
          let error = weight - level * step
          for k in j + 1..<size { carried[k] += error * factor[j * size + k] }
          return Int8(level)
        }
      }
    }
  }
}
