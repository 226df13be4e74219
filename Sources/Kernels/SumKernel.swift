import CMicrokernels
import PlanFormat
import Wire

/// The element-wise sum as one linear form (`LinearSum`), where there is one that equals the
/// definition.
struct SumKernel {
  /// How the coefficients become operands of 8 or 16 bits.
  enum Form {
    /// a, b, c and bits: two halves each, for 32-bit sums.
    case halves
    /// `DigitSum`, for 16-bit sums.
    case digits
  }

  let loop: swl_sum_kernel?
  var form = Form.halves

  static let packedBytes = 64
  /// Bits of the lower half of a coefficient: both halves are 16-bit operands.
  private static let lowBits: Int64 = 15

  /// - Returns: the verified coefficients, or nil.
  func pack(_ layer: Layer) -> [UInt8]? {
    guard case .addition(let parameters) = layer.operation else { return nil }
    var writer = ByteWriter(capacity: Self.packedBytes)
    switch form {
    case .halves:
      guard let form = LinearSum.equal(to: ScaledSum(parameters)) else { return nil }
      writer.i32(Int32(form.left))
      writer.i32(Int32(form.right))
      writer.i64(form.constant)
      writer.i32(Int32(form.bits))
    case .digits:
      guard let form = DigitSum.equal(to: ScaledSum(parameters)) else { return nil }
      for digit in form.left + form.right { writer.i8(digit) }
      writer.i16(form.lowestConstant)
      writer.i16(form.lowConstant)
      writer.i16(form.highConstant)
      writer.i16(0)
      writer.i32(form.digits)
    }
    writer.align(to: Self.packedBytes)
    return writer.bytes
  }

  func bind(_ layer: Layer, _ memory: LayerMemory) -> SumCall {
    guard case .addition(let parameters) = layer.operation else {
      preconditionFailure("not a sum")
    }
    let constants = UnsafeRawBufferPointer(start: memory.constants, count: Self.packedBytes)
    var sum = swl_sum()
    sum.left = UnsafePointer(memory.elements(layer.inputs[0]))
    sum.right = UnsafePointer(memory.elements(layer.inputs[1]))
    sum.output = memory.elements(layer.output)
    sum.count = layer.output.elementCount
    sum.minimum = parameters.minimum
    sum.maximum = parameters.maximum
    switch form {
    case .halves: Self.readHalves(constants, &sum)
    case .digits: Self.readDigits(constants, &sum)
    }
    return SumCall(sum: sum, loop: loop)
  }

  private static func readHalves(_ constants: UnsafeRawBufferPointer, _ sum: inout swl_sum) {
    let constant = constants.loadUnaligned(fromByteOffset: 8, as: Int64.self)
    func halves(_ value: Int64) -> (high: Int64, low: Int64) {
      (value >> lowBits, value & (1 << lowBits - 1))
    }
    let (left, right) = (halves(Int64(constants.int32(0))), halves(Int64(constants.int32(4))))
    sum.left_high = Int16(truncatingIfNeeded: left.high)
    sum.left_low = Int16(truncatingIfNeeded: left.low)
    sum.right_high = Int16(truncatingIfNeeded: right.high)
    sum.right_low = Int16(truncatingIfNeeded: right.low)
    sum.high = Int32(truncatingIfNeeded: halves(constant).high)
    sum.low = Int32(truncatingIfNeeded: halves(constant).low)
    sum.shift = constants.int32(16) &- Int32(lowBits)
  }

  private static func readDigits(_ constants: UnsafeRawBufferPointer, _ sum: inout swl_sum) {
    func digits(_ offset: Int) -> (Int8, Int8, Int8, Int8) {
      let bytes = (0..<4).map { Int8(bitPattern: constants[offset + $0]) }
      return (bytes[0], bytes[1], bytes[2], bytes[3])
    }
    func word(_ offset: Int) -> Int16 {
      Int16(littleEndian: constants.loadUnaligned(fromByteOffset: offset, as: Int16.self))
    }
    sum.left_digits = digits(0)
    sum.right_digits = digits(4)
    sum.lowest_constant = word(8)
    sum.low_constant = word(10)
    sum.high_constant = word(12)
    sum.digits = constants.int32(16)
  }
}

/// An element-wise sum bound to its kernel.
public struct SumCall {
  let sum: swl_sum
  let loop: swl_sum_kernel?

  /// Computes the layer.
  @inline(__always)
  func run(_ share: WorkShare) {
    let range = share.range(sum.count, step: 64)
    var sum = sum
    sum.left += range.lowerBound
    sum.right += range.lowerBound
    sum.output += range.lowerBound
    sum.count = range.count
    if !range.isEmpty { loop?(&sum) }
  }
}
