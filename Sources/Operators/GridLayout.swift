import ModelGraph

/// How scales and zero points lie over a tensor (ONNX operator documentation, QuantizeLinear).
public struct GridLayout: Sendable, Equatable {
  /// The axis of parameters that are not scalars; not negative.
  public var axis: Int
  /// Elements along the axis that share parameters of the tensor's rank; 0 where the parameters are
  /// scalars or a list.
  public var block: Int

  /// Creates a layout.
  public init(axis: Int, block: Int = 0) {
    self.axis = axis
    self.block = block
  }

  /// Scale and zero point of each element.
  struct Parameters {
    fileprivate let scales: [Float]
    fileprivate let zeroPoints: [Int]?
    /// Where each element's stand; empty for scalars.
    fileprivate let places: [Int]

    subscript(index: Int) -> (scale: Float, zeroPoint: Int) {
      let place = places.isEmpty ? 0 : places[index]
      return (scales[place], zeroPoints?[place] ?? 0)
    }
  }

  /// Throws unless the types of operands 1 and 2 fit a tensor of `shape`.
  func check(_ operands: [ValueType?], shape: [Int]) throws(GraphError) {
    let scale = try operand(1, of: operands)
    let count = scale.shape.reduce(1, *)
    let zeroPoint = operands.count > 2 ? operands[2] : nil
    guard zeroPoint.map({ $0.shape.reduce(1, *) == count }) ?? true else {
      throw .invalid(
        node: "", reason: "scales of shape \(scale.shape), zero points \(zeroPoint?.shape ?? [])")
    }
    guard count == 1 || expected(shape).contains(scale.shape) else {
      throw .invalid(node: "", reason: "parameters of shape \(scale.shape) for \(shape)")
    }
  }

  /// The shapes that parameters other than scalars may have: a list, blocks.
  private func expected(_ shape: [Int]) -> [[Int]] {
    guard shape.indices.contains(axis) else { return [] }
    guard block > 0 else { return [[shape[axis]]] }
    var blocks = shape
    blocks[axis] = (shape[axis] + block - 1) / block
    return [[shape[axis]], blocks]
  }

  /// Reads operands 1 and 2 for a tensor of `shape`.
  func parameters(_ operands: [TensorData?], shape: [Int]) throws(GraphError) -> Parameters {
    let scale = try operand(1, of: operands)
    let scales = try floats(1, of: operands)
    let zeroPoint = operands.count > 2 ? operands[2] : nil
    guard zeroPoint.map({ $0.count == scale.count && $0.integers != nil }) ?? true else {
      throw .invalid(
        node: "", reason: "\(scale.count) scales and \(zeroPoint?.count ?? 0) zero points")
    }
    guard scales.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw .invalid(node: "", reason: "a scale is not a positive number")
    }
    return Parameters(
      scales: scales, zeroPoints: zeroPoint?.integers,
      places: scale.count == 1 ? [] : try places(scale.shape, shape))
  }

  private func places(_ parameters: [Int], _ shape: [Int]) throws(GraphError) -> [Int] {
    let expected = expected(shape)
    guard let form = expected.firstIndex(of: parameters) else {
      throw .invalid(node: "", reason: "parameters of shape \(parameters) for \(shape)")
    }
    let inner = shape[(axis + 1)...].reduce(1, *)
    let count = shape.reduce(1, *)
    if form == 0 { return (0..<count).map { $0 / inner % shape[axis] } }
    return (0..<count).map { index in
      let outer = index / (inner * shape[axis])
      let along = index / inner % shape[axis] / block
      return (outer * parameters[axis] + along) * inner + index % inner
    }
  }

  /// The parameters as a device's int8 weights have them, uint8 shifted by 128; nil for what it has no
  /// integers for.
  func grid(_ operands: [TensorData?], element: ElementType) throws(GraphError) -> Quantization? {
    guard element == .int8 || element == .uint8 else { return nil }
    let scale = try operand(1, of: operands)
    guard scale.count == 1 || scale.shape.count == 1 else { return nil }
    let zeroPoints =
      (operands.count > 2 ? operands[2] : nil)?.integers ?? [Int](repeating: 0, count: scale.count)
    let shift = element == .uint8 ? 128 : 0
    return Quantization(
      scales: try floats(1, of: operands),
      zeroPoints: zeroPoints.map { Int32(clamping: $0) &- Int32(shift) },
      axis: scale.count == 1 ? 0 : axis)
  }
}

extension TensorData.Elements {
  /// Integers that fit an integer type.
  static func integers(_ values: [Int], _ element: ElementType) -> TensorData.Elements {
    switch element {
    case .int8: .int8(values.map { Int8(clamping: $0) })
    case .uint8: .uint8(values.map { UInt8(clamping: $0) })
    case .int16: .int16(values.map { Int16(clamping: $0) })
    case .int32: .int32(values.map { Int32(clamping: $0) })
    case .int64: .int64(values.map { Int64($0) })
    case .bool: .bool(values.map { $0 != 0 })
    case .float32: .float32(values.map { Float($0) })
    }
  }
}
