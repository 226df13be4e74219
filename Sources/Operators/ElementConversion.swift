public import ModelGraph

extension TensorData {
  /// The elements as doubles: exact but for integers beyond 2^53.
  var doubles: [Double] {
    if let floats { return floats.map(Double.init) }
    return (integers ?? []).map(Double.init)
  }

  /// Elements of a type from doubles: to integers towards zero, what lies outside to the nearest,
  /// NaN to 0; to truth values by being other than 0.
  public init(shape: [Int], _ element: ElementType, doubles: [Double]) {
    func whole<Integer: FixedWidthInteger>(_ type: Integer.Type) -> [Integer] {
      doubles.map { value in
        if value.isNaN { return 0 }
        return Integer(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
      }
    }
    let elements: Elements =
      switch element {
      case .float32: .float32(doubles.map { Float($0) })
      case .int8: .int8(whole(Int8.self))
      case .uint8: .uint8(whole(UInt8.self))
      case .int16: .int16(whole(Int16.self))
      case .int32: .int32(whole(Int32.self))
      case .int64: .int64(whole(Int64.self))
      case .bool: .bool(doubles.map { $0 != 0 })
      }
    self.init(shape: shape, elements: elements)
  }

  /// Elements of a type from integers, which keep the bits that fit.
  init(shape: [Int], _ element: ElementType, integers: [Int]) {
    let elements: Elements =
      switch element {
      case .float32: .float32(integers.map { Float($0) })
      case .int8: .int8(integers.map { Int8(truncatingIfNeeded: $0) })
      case .uint8: .uint8(integers.map { UInt8(truncatingIfNeeded: $0) })
      case .int16: .int16(integers.map { Int16(truncatingIfNeeded: $0) })
      case .int32: .int32(integers.map { Int32(truncatingIfNeeded: $0) })
      case .int64: .int64(integers.map { Int64($0) })
      case .bool: .bool(integers.map { $0 != 0 })
      }
    self.init(shape: shape, elements: elements)
  }
}
