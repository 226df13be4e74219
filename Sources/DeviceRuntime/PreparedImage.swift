public import Kernels
public import PlanFormat
import Wire

/// What a store keeps of a model: the plan, and each layer's constants packed for the kernel that
/// serves it on this CPU, once, at install. Loading is a map of it. Its digest stands in the store's
/// record and is checked before it is opened.
///
/// Layout, little-endian: magic "SWIM", u16 version, u8 tier, u8 0, u32 plan bytes, u32 instructions,
/// zeros to 64; the plan; per instruction the u16 code of its kernel; zeros to a multiple of 64; per
/// instruction its packed constants, whose sizes follow from the plan and the kernels; 64 zeros,
/// which the last kernel may read.
public struct PreparedImage {
  private static let magic: UInt32 = 0x4d49_5753
  private static let version: UInt16 = 2
  private static let headerBytes = 64
  private static let slackBytes = 64

  /// A layer and the kernel that serves it.
  public struct Layer {
    let layer: Kernels.Layer
    let kernel: Kernel
    let constants: UnsafeRawPointer
  }

  /// The tier the layers are packed for.
  public let tier: KernelTier
  /// The plan.
  public let plan: Plan
  /// Its instructions, in order.
  let layers: [Layer]
  /// Bytes of scratch that one layer after the other needs.
  public let scratchBytes: Int

  /// Packs a model for a tier and a device's preference.
  ///
  /// - Throws: `RuntimeError.plan` unless plan and weights are valid together.
  public static func build(
    plan: [UInt8], weights: [UInt8], tier: KernelTier,
    preferring preference: KernelPreference = .speed
  ) throws(RuntimeError) -> [UInt8] {
    let decoded: Plan
    do throws(PlanError) {
      decoded = try Plan(decoding: plan)
      try weights.withUnsafeBufferPointer { (buffer) throws(PlanError) in
        try decoded.validate(weights: UnsafeRawBufferPointer(buffer))
      }
    } catch {
      throw .plan(error)
    }
    let choices = weights.withUnsafeBytes { weights in
      decoded.instructions.map { instruction in
        Kernel.choose(
          for: Kernels.Layer(instruction, in: decoded), tier: tier, preferring: preference,
          weights: weights)
      }
    }
    var writer = ByteWriter(
      capacity: headerBytes * 4 + plan.count
        + choices.reduce(0) { $0 + $1.constants.count + 2 })
    writer.u32(magic)
    writer.u16(version)
    writer.u8(tier.rawValue)
    writer.u8(0)
    writer.u32(UInt32(plan.count))
    writer.u32(UInt32(choices.count))
    writer.align(to: headerBytes)
    writer.append(plan)
    for choice in choices { writer.u16(choice.kernel.code) }
    writer.align(to: headerBytes)
    for choice in choices { writer.append(choice.constants) }
    writer.append([UInt8](repeating: 0, count: slackBytes))
    return writer.bytes
  }

  /// Opens an image; the buffer must outlive it.
  ///
  /// - Throws: `RuntimeError.image` when the bytes are not one of this version for this CPU, `.plan`
  ///   when its plan is not valid.
  public init(_ bytes: UnsafeRawBufferPointer) throws(RuntimeError) {
    guard bytes.count >= Self.headerBytes, let start = bytes.baseAddress else {
      throw .image("is cut short")
    }
    func word(_ offset: Int) -> UInt32 {
      UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    guard word(0) == Self.magic else { throw .image("is not one") }
    guard UInt16(truncatingIfNeeded: word(4)) == Self.version else {
      throw .image("was made by another version")
    }
    guard let tier = KernelTier(rawValue: bytes[6]), tier.isAvailable else {
      throw .image("was made for another CPU")
    }
    let (planBytes, instructions) = (UInt64(word(8)), UInt64(word(12)))
    let constantsStart = (UInt64(Self.headerBytes) + planBytes + 2 * instructions + 63) / 64 * 64
    guard constantsStart + UInt64(Self.slackBytes) <= UInt64(bytes.count) else {
      throw .image("has the wrong length")
    }
    let codes = Self.headerBytes + Int(planBytes)
    let codesEnd = codes + 2 * Int(instructions)
    guard bytes[7] == 0, bytes[16..<Self.headerBytes].allSatisfy({ $0 == 0 }),
      bytes[codesEnd..<Int(constantsStart)].allSatisfy({ $0 == 0 }),
      bytes[(bytes.count - Self.slackBytes)...].allSatisfy({ $0 == 0 })
    else { throw .image("has bytes where there should be zeros") }
    do throws(PlanError) {
      plan = try Plan(decoding: Array(bytes[Self.headerBytes..<codes]))
    } catch {
      throw .plan(error)
    }
    guard plan.instructions.count == Int(instructions) else {
      throw .image("has kernels for another plan")
    }
    var (layers, scratch, position): ([Layer], Int, Int) = ([], 0, Int(constantsStart))
    let end = bytes.count - Self.slackBytes
    for (index, instruction) in plan.instructions.enumerated() {
      let code = UInt16(
        littleEndian: bytes.loadUnaligned(fromByteOffset: codes + 2 * index, as: UInt16.self))
      let layer = Kernels.Layer(instruction, in: plan)
      guard let kernel = Kernel.find(code, for: layer, tier: tier) else {
        throw .image("names a kernel this runtime does not have")
      }
      layers.append(Layer(layer: layer, kernel: kernel, constants: start + position))
      scratch = max(scratch, kernel.scratchBytes(layer))
      position += kernel.packedBytes(layer)
      guard position <= end else { throw .image("has the wrong length") }
      guard kernel.accepts(layers[index].constants, for: layer) else {
        throw .image("was packed for another plan")
      }
    }
    guard position == end else { throw .image("has the wrong length") }
    guard Int(bitPattern: start) % 16 == 0 else { throw .image("is not aligned") }
    self.tier = tier
    self.layers = layers
    scratchBytes = scratch
  }

  /// What a model takes on a tier, on a device of that preference. Needs no CPU of that tier.
  ///
  /// - Parameter weights: the plan's portable weights, validated.
  public static func figures(
    plan: Plan, weights: [UInt8], tier: KernelTier,
    preferring preference: KernelPreference = .speed
  ) -> PreparedFigures {
    var (constants, scratch) = (0, 0)
    weights.withUnsafeBytes { weights in
      for instruction in plan.instructions {
        let layer = Kernels.Layer(instruction, in: plan)
        let choice = Kernel.choose(
          for: layer, tier: tier, preferring: preference, weights: weights)
        constants += choice.constants.count
        scratch = max(scratch, choice.kernel.scratchBytes(layer))
      }
    }
    let head = headerBytes + plan.encoded().count + 2 * plan.instructions.count
    return PreparedFigures(
      arenaBytes: plan.arenaBytes, scratchBytes: scratch,
      imageBytes: (head + 63) / 64 * 64 + constants + slackBytes,
      instructions: plan.instructions.count)
  }
}

/// Bytes that a prepared model takes.
public struct PreparedFigures: Sendable, Equatable {
  /// Activations.
  public let arenaBytes: Int
  /// What the kernels use beside them.
  public let scratchBytes: Int
  /// The prepared image.
  public let imageBytes: Int
  /// The plan's instructions.
  let instructions: Int

  /// All of it and the bound calls: what is resident while the model runs.
  public var residentBytes: Int {
    arenaBytes + scratchBytes + imageBytes + instructions * MemoryLayout<KernelCall>.stride
  }
}
