import DeviceRuntime
import Kernels
import PlanFormat
import Testing
import Wire

/// Plans that no packer writes yet: int16 layers and trees. Whatever is accepted is run.
@Suite("fuzz plans") struct PlanFuzzTests {
  /// A dense layer of int16 beside two trees.
  private static func sample() -> (plan: [UInt8], weights: [UInt8]) {
    var weights = ByteWriter()
    func constant(_ write: (inout ByteWriter) -> Void) -> ConstantReference {
      weights.align(to: 16)
      let start = weights.bytes.count
      write(&weights)
      return ConstantReference(offset: start, byteCount: weights.bytes.count - start)
    }
    func words(_ values: [Int32]) -> ConstantReference {
      constant { writer in for value in values { writer.i32(value) } }
    }
    let dense = FullyConnected16x8Parameters(
      weights: constant { writer in for weight in 0..<8 { writer.i8(Int8(weight * 30 - 120)) } },
      bias: constant { writer in for bias in [77, 1 << 40] as [UInt64] { writer.u64(bias) } },
      requantization: Requantization16x8(
        multipliers: words([1 << 30, 1_400_000_000]),
        shifts: constant { writer in for shift in [-9, -10] as [Int8] { writer.i8(shift) } },
        rounding: .whole, minimum: -32768, maximum: 32767))
    let trees = TreeEnsembleParameters(
      trees: words([0, 0, 5, 1]),
      nodes: words([0, 9, 2, -1, 0, 0, 2, 4, 2, -1, 1, 0, -1, 2, 0, -1, 3, 0]),
      leaves: words([1000, -7, 1 << 20, 5]), bias: words([1, 2]), leafWidth: 1)
    weights.align(to: 16)
    func tensor(_ name: String, _ element: PlanElement, _ shape: [Int], at offset: Int)
      -> PlanTensor
    {
      PlanTensor(
        name: name, element: element, shape: shape, arenaOffset: offset, scale: 1, zeroPoint: 0)
    }
    let plan = Plan(
      arenaBytes: 256, weightsBytes: weights.bytes.count, multiplyAccumulates: 8,
      tensors: [
        tensor("wave", .int16, [1, 4], at: 0), tensor("levels", .int16, [1, 2], at: 64),
        tensor("ranks", .int16, [2, 3], at: 128), tensor("sums", .int32, [2, 2], at: 192),
      ],
      inputs: [TensorIndex(0), TensorIndex(2)], outputs: [TensorIndex(1), TensorIndex(3)],
      taps: [],
      instructions: [
        Instruction(
          name: "dense", operation: .fullyConnected16x8(dense), inputs: [TensorIndex(0)],
          output: TensorIndex(1)),
        Instruction(
          name: "trees", operation: .treeEnsemble(trees), inputs: [TensorIndex(2)],
          output: TensorIndex(3)),
      ])
    return (plan.encoded(), weights.bytes)
  }

  private static func run(_ session: Session) {
    for input in session.plan.inputs.indices {
      let bytes = session.input(input)
      for index in 0..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 37) }
    }
    session.run()
  }

  @Test func plans() {
    let (plan, weights) = Self.sample()
    Fuzzer("plan of version 2", [plan]).run { bytes in
      let read = try Plan(decoding: bytes)
      if let session = try? Session(plan: bytes, weights: weights) { Self.run(session) }
      return read.encoded()
    }
    let outcome = Fuzzer("weights of version 2", [weights]).run { bytes in
      Self.run(try Session(plan: plan, weights: bytes))
      return nil
    }
    #expect(outcome.accepted > 0)
  }

  @Test func images() throws {
    let (plan, weights) = Self.sample()
    let image = try PreparedImage.build(plan: plan, weights: weights, tier: .best)
    let outcome = Fuzzer("image of version 2", [image]).run { bytes in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
      defer { copy.deallocate() }
      copy.copyBytes(from: bytes)
      Self.run(try Session(image: UnsafeRawBufferPointer(copy)))
      return nil
    }
    #expect(outcome.accepted > 0)
  }
}
