import ModelGraph

extension TensorData {
  /// The same elements with axis k of the result being axis `permutation[k]` of this tensor.
  func permuted(_ permutation: [Int]) -> TensorData {
    let result = permutation.map { shape[$0] }
    let order = Self.sourceOffsets(shape: shape, permutation: permutation)
    let moved: Elements =
      switch elements {
      case .float32(let e): .float32(order.map { e[$0] })
      case .int8(let e): .int8(order.map { e[$0] })
      case .uint8(let e): .uint8(order.map { e[$0] })
      case .int16(let e): .int16(order.map { e[$0] })
      case .int32(let e): .int32(order.map { e[$0] })
      case .int64(let e): .int64(order.map { e[$0] })
      case .bool(let e): .bool(order.map { e[$0] })
      }
    return TensorData(shape: result, elements: moved)
  }

  /// For each element of the permuted tensor, row-major, its offset in the source.
  static func sourceOffsets(shape: [Int], permutation: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    var offsets = [0]
    for axis in permutation {
      var next: [Int] = []
      next.reserveCapacity(offsets.count * shape[axis])
      for offset in offsets {
        for index in 0..<shape[axis] { next.append(offset + index * strides[axis]) }
      }
      offsets = next
    }
    return offsets
  }

  /// The floats repeated to `shape` by the rules of NumPy, or nil when they do not fit.
  func broadcast(to shape: [Int]) -> TensorData? {
    guard let floats, self.shape.count <= shape.count, let count = ImportLimits.count(shape),
      count <= ImportLimits.foldedElements
    else { return nil }
    let padding = [Int](repeating: 1, count: shape.count - self.shape.count)
    let source = padding + self.shape
    guard zip(source, shape).allSatisfy({ $0 == 1 || $0 == $1 }) else { return nil }
    var offsets = [0]
    for axis in shape.indices {
      let step = source[axis] == 1 ? 0 : 1
      offsets = offsets.flatMap { offset in
        (0..<shape[axis]).map { offset * source[axis] + $0 * step }
      }
    }
    return TensorData(shape: shape, floats: offsets.map { floats[$0] })
  }

  /// True if every float is finite; integers always are.
  var isFinite: Bool { floats?.allSatisfy(\.isFinite) ?? true }
}
