/// Positions of elements in row-major memory, axis by axis: what transposes, slices, repeats and
/// broadcasts are made of. A step of 0 repeats, a negative one runs backwards.
public struct StridedWalk: Sendable, Equatable {
  /// Where the first element lies.
  public var start: Int
  /// Elements along each axis, outermost first.
  public var sizes: [Int]
  /// Elements of memory between neighbours along each axis.
  public var steps: [Int]

  /// Creates a walk.
  public init(start: Int = 0, sizes: [Int], steps: [Int]) {
    self.start = start
    self.sizes = sizes
    self.steps = steps
  }

  /// The walk over a whole tensor, in order.
  public init(over shape: [Int]) {
    var steps = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      steps[axis] = steps[axis + 1] * shape[axis + 1]
    }
    self.init(sizes: shape, steps: steps)
  }

  /// A tensor of shape `source` repeated to `shape` by NumPy's rules; nil when it does not fit.
  public init?(broadcasting source: [Int], to shape: [Int]) {
    guard source.count <= shape.count else { return nil }
    let padded = [Int](repeating: 1, count: shape.count - source.count) + source
    guard zip(padded, shape).allSatisfy({ $0 == 1 || $0 == $1 }) else { return nil }
    let steps = StridedWalk(over: padded).steps
    self.init(sizes: shape, steps: zip(padded, steps).map { $0 == 1 ? 0 : $1 })
  }

  /// The axes in another order: axis k of the result is axis `permutation[k]`.
  public func permuted(_ permutation: [Int]) -> StridedWalk {
    StridedWalk(
      start: start, sizes: permutation.map { sizes[$0] }, steps: permutation.map { steps[$0] })
  }

  /// The positions, in the order of the walk.
  public var offsets: [Int] {
    var offsets = sizes.contains(0) ? [] : [start]
    for (size, step) in zip(sizes, steps) {
      var next: [Int] = []
      next.reserveCapacity(offsets.count * size)
      for offset in offsets {
        for index in 0..<size { next.append(offset + index * step) }
      }
      offsets = next
    }
    return offsets
  }

  /// The shape two shapes broadcast to by NumPy's rules; nil when they do not go together.
  public static func broadcastShape(_ left: [Int], _ right: [Int]) -> [Int]? {
    let rank = max(left.count, right.count)
    var shape: [Int] = []
    for axis in 0..<rank {
      let a = axis < rank - left.count ? 1 : left[axis - (rank - left.count)]
      let b = axis < rank - right.count ? 1 : right[axis - (rank - right.count)]
      guard a == b || a == 1 || b == 1 else { return nil }
      shape.append(a == 1 ? b : a)
    }
    return shape
  }
}

extension TensorData {
  /// The elements at the given positions, under a shape of as many.
  public func picking(_ offsets: [Int], shape: [Int]) -> TensorData {
    let picked: Elements =
      switch elements {
      case .float32(let e): .float32(offsets.map { e[$0] })
      case .int8(let e): .int8(offsets.map { e[$0] })
      case .uint8(let e): .uint8(offsets.map { e[$0] })
      case .int16(let e): .int16(offsets.map { e[$0] })
      case .int32(let e): .int32(offsets.map { e[$0] })
      case .int64(let e): .int64(offsets.map { e[$0] })
      case .bool(let e): .bool(offsets.map { e[$0] })
      }
    return TensorData(shape: shape, elements: picked)
  }

  /// The elements of a walk, under its sizes.
  public func picking(_ walk: StridedWalk) -> TensorData {
    picking(walk.offsets, shape: walk.sizes)
  }

  /// The same elements with axis k of the result being axis `permutation[k]` of this tensor.
  public func permuted(_ permutation: [Int]) -> TensorData {
    var result = picking(StridedWalk(over: shape).permuted(permutation))
    result.grid = grid?.permuted(permutation)
    return result
  }

  /// The elements of several tensors one after another, as a list; nil unless of one type.
  public static func joined(_ parts: [TensorData]) -> TensorData? {
    guard var elements = parts.first?.elements else { return nil }
    for part in parts.dropFirst() {
      switch (elements, part.elements) {
      case (.float32(let a), .float32(let b)): elements = .float32(a + b)
      case (.int8(let a), .int8(let b)): elements = .int8(a + b)
      case (.uint8(let a), .uint8(let b)): elements = .uint8(a + b)
      case (.int16(let a), .int16(let b)): elements = .int16(a + b)
      case (.int32(let a), .int32(let b)): elements = .int32(a + b)
      case (.int64(let a), .int64(let b)): elements = .int64(a + b)
      case (.bool(let a), .bool(let b)): elements = .bool(a + b)
      default: return nil
      }
    }
    return TensorData(shape: [parts.reduce(0) { $0 + $1.count }], elements: elements)
  }

  /// One element that stands for nothing: 0 or false.
  public static func zero(_ type: ElementType) -> TensorData {
    let elements: Elements =
      switch type {
      case .float32: .float32([0])
      case .int8: .int8([0])
      case .uint8: .uint8([0])
      case .int16: .int16([0])
      case .int32: .int32([0])
      case .int64: .int64([0])
      case .bool: .bool([false])
      }
    return TensorData(shape: [], elements: elements)
  }

  /// The only tensor of a type that has no elements.
  public static func empty(_ type: ValueType) -> TensorData {
    zero(type.element).picking([], shape: type.shape)
  }

  /// Repeated to `shape` by NumPy's rules; nil when it does not fit.
  public func broadcast(to shape: [Int]) -> TensorData? {
    StridedWalk(broadcasting: self.shape, to: shape).map { picking($0) }
  }
}
