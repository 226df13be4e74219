public import Kernels
import PlanFormat
import Wire

/// What a store keeps of a model: plan and weights packed for this CPU, once, at install. Loading is
/// a map of it. Its digest stands in the store's record and is checked before it is opened.
///
/// Layout, little-endian: magic "SWIM", u16 version, u8 tier, u8 0, u32 plan bytes, u32 weights
/// bytes, zeros to 64; the plan, zeros to a multiple of 64; the weights.
public struct PreparedImage {
  private static let magic: UInt32 = 0x4d49_5753
  private static let version: UInt16 = 1
  private static let headerBytes = 64

  /// The tier the weights are packed for.
  public let tier: KernelTier
  /// The plan's bytes.
  public let plan: UnsafeRawBufferPointer
  /// The packed weights, aligned to 64 if the image is.
  public let weights: UnsafeRawBufferPointer

  /// Packs a model for a tier.
  ///
  /// - Throws: `RuntimeError.plan` unless plan and weights are valid together.
  public static func build(
    plan: [UInt8], weights: [UInt8], tier: KernelTier
  ) throws(RuntimeError) -> [UInt8] {
    do throws(PlanError) {
      let decoded = try Plan(decoding: plan)
      try weights.withUnsafeBufferPointer { (buffer) throws(PlanError) in
        try decoded.validate(weights: UnsafeRawBufferPointer(buffer))
      }
    } catch {
      throw .plan(error)
    }
    var writer = ByteWriter(capacity: headerBytes * 3 + plan.count + weights.count)
    writer.u32(magic)
    writer.u16(version)
    writer.u8(tier.rawValue)
    writer.u8(0)
    writer.u32(UInt32(plan.count))
    writer.u32(UInt32(weights.count))
    writer.align(to: headerBytes)
    writer.append(plan)
    writer.align(to: headerBytes)
    writer.append(pack(weights, for: tier))
    return writer.bytes
  }

  /// The order in which a tier reads weights. The scalar tier reads the portable one.
  private static func pack(_ weights: [UInt8], for tier: KernelTier) -> [UInt8] {
    switch tier {
    case .scalar: weights
    }
  }

  /// Opens an image; the buffer must outlive it.
  ///
  /// - Throws: `RuntimeError.image` when the bytes are not one of this version.
  public init(_ bytes: UnsafeRawBufferPointer) throws(RuntimeError) {
    guard bytes.count >= Self.headerBytes else { throw .image("is cut short") }
    func word(_ offset: Int) -> UInt32 {
      UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    guard word(0) == Self.magic else { throw .image("is not one") }
    guard UInt16(truncatingIfNeeded: word(4)) == Self.version else {
      throw .image("was made by another version")
    }
    guard let tier = KernelTier(rawValue: bytes[6]) else {
      throw .image("was made for a CPU this runtime does not know")
    }
    let planBytes = UInt64(word(8))
    let weightsStart = (UInt64(Self.headerBytes) + planBytes + 63) / 64 * 64
    guard weightsStart + UInt64(word(12)) == UInt64(bytes.count) else {
      throw .image("has the wrong length")
    }
    let planEnd = Self.headerBytes + Int(planBytes)
    guard bytes[7] == 0, bytes[16..<Self.headerBytes].allSatisfy({ $0 == 0 }),
      bytes[planEnd..<Int(weightsStart)].allSatisfy({ $0 == 0 })
    else { throw .image("has bytes where there should be zeros") }
    self.tier = tier
    plan = UnsafeRawBufferPointer(
      rebasing: bytes[Self.headerBytes..<planEnd])
    weights = UnsafeRawBufferPointer(rebasing: bytes[Int(weightsStart)...])
  }
}
