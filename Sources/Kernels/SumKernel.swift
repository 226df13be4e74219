import CMicrokernels
import PlanFormat
import Wire

/// The element-wise sum as one linear form (`LinearSum`), where there is one that equals the
/// definition.
struct SumKernel {
  let loop: swl_sum_kernel?

  /// a, b, c and bits, padded.
  static let packedBytes = 64
  /// Bits of the lower half of a coefficient: both halves are 16-bit operands.
  private static let lowBits: Int64 = 15

  /// - Returns: the verified coefficients, or nil.
  static func pack(_ layer: Layer) -> [UInt8]? {
    guard case .addition(let parameters) = layer.operation,
      let form = LinearSum.equal(to: ScaledSum(parameters))
    else { return nil }
    var writer = ByteWriter(capacity: packedBytes)
    writer.i32(Int32(form.left))
    writer.i32(Int32(form.right))
    writer.i64(form.constant)
    writer.i32(Int32(form.bits))
    writer.align(to: packedBytes)
    return writer.bytes
  }

  func bind(_ layer: Layer, _ memory: LayerMemory) -> SumCall {
    guard case .addition(let parameters) = layer.operation else {
      preconditionFailure("not a sum")
    }
    let constants = UnsafeRawBufferPointer(start: memory.constants, count: Self.packedBytes)
    let constant = constants.loadUnaligned(fromByteOffset: 8, as: Int64.self)
    func halves(_ offset: Int) -> (high: Int16, low: Int16) {
      let value = Int64(constants.int32(offset))
      return (
        Int16(truncatingIfNeeded: value >> Self.lowBits),
        Int16(truncatingIfNeeded: value & (1 << Self.lowBits - 1))
      )
    }
    let (left, right) = (halves(0), halves(4))
    return SumCall(
      sum: swl_sum(
        left: UnsafePointer(memory.elements(layer.inputs[0])),
        right: UnsafePointer(memory.elements(layer.inputs[1])),
        output: memory.elements(layer.output), count: layer.output.elementCount,
        left_high: left.high, right_high: right.high, left_low: left.low, right_low: right.low,
        high: Int32(truncatingIfNeeded: constant >> Self.lowBits),
        low: Int32(truncatingIfNeeded: constant & (1 << Self.lowBits - 1)),
        shift: constants.int32(16) &- Int32(Self.lowBits), minimum: parameters.minimum,
        maximum: parameters.maximum),
      loop: loop)
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
