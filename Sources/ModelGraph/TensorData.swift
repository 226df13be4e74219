/// Element types a model file can hold.
public enum ElementType: String, Sendable, CaseIterable {
  case float32, int8, uint8, int16, int32, int64, bool

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .int16: 2
    case .float32, .int32: 4
    case .int64: 8
    }
  }
}

/// A dense tensor on the host: row-major, the shape's product equals the element count.
public struct TensorData: Sendable, Equatable {
  /// Elements by type.
  public enum Elements: Sendable, Equatable {
    case float32([Float])
    case int8([Int8])
    case uint8([UInt8])
    case int16([Int16])
    case int32([Int32])
    case int64([Int64])
    case bool([Bool])

    /// How many.
    public var count: Int {
      switch self {
      case .float32(let e): e.count
      case .int8(let e): e.count
      case .uint8(let e): e.count
      case .int16(let e): e.count
      case .int32(let e): e.count
      case .int64(let e): e.count
      case .bool(let e): e.count
      }
    }
  }

  /// Dimensions, outermost first; empty for a scalar.
  public var shape: [Int]
  /// The elements.
  public var elements: Elements
  /// Set on floats that a quantised model holds as int8: value = (q − zeroPoint) · scale. Moving the
  /// elements keeps it; whatever changes them drops it.
  public var grid: Quantization?

  /// Creates a tensor. The shape's product must equal the element count.
  public init(shape: [Int], elements: Elements) {
    self.shape = shape
    self.elements = elements
    precondition(count == shape.reduce(1, *), "tensor of shape \(shape) given \(count) elements")
  }

  /// Creates a float tensor.
  public init(shape: [Int], floats: [Float]) {
    self.init(shape: shape, elements: .float32(floats))
  }

  /// Number of elements.
  public var count: Int { elements.count }

  /// Element type.
  public var type: ElementType {
    switch elements {
    case .float32: .float32
    case .int8: .int8
    case .uint8: .uint8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .bool: .bool
    }
  }

  /// The elements as floats if this is a float tensor.
  public var floats: [Float]? {
    if case .float32(let e) = elements { e } else { nil }
  }

  /// Integer elements widened (shapes, axes, pads), or nil for floats.
  public var integers: [Int]? {
    switch elements {
    case .float32: nil
    case .int8(let e): e.map(Int.init)
    case .uint8(let e): e.map(Int.init)
    case .int16(let e): e.map(Int.init)
    case .int32(let e): e.map(Int.init)
    case .int64(let e): e.map(Int.init)
    case .bool(let e): e.map { $0 ? 1 : 0 }
    }
  }

  /// The same elements under another shape of equal product.
  public func reshaped(_ shape: [Int]) -> TensorData {
    var result = TensorData(shape: shape, elements: elements)
    result.grid = grid?.reshaped(from: self.shape, to: shape)
    return result
  }
}

extension Quantization {
  /// The parameters of the same elements under another shape; nil when the axis is torn apart.
  func reshaped(from old: [Int], to new: [Int]) -> Quantization? {
    guard !isPerTensor else { return self }
    let before = old[..<axis].reduce(1, *)
    var result = self
    var product = 1
    for (position, size) in new.enumerated() {
      if product == before, size == old[axis] {
        result.axis = position
        return result
      }
      product *= size
    }
    return nil
  }

  /// The parameters of the same elements with axis k being axis `permutation[k]`.
  func permuted(_ permutation: [Int]) -> Quantization? {
    guard !isPerTensor else { return self }
    var result = self
    guard let position = permutation.firstIndex(of: axis) else { return nil }
    result.axis = position
    return result
  }
}
