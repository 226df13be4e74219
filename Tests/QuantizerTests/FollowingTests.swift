import Arrays
import BundleFormat
import Bundling
import Sealing
import TestSupport
import Testing
import Wire

/// Releases that follow an earlier one's integers.
@Suite("following a base") struct FollowingTests {
  /// A convolution and two dense layers with random weights; `tuning` moves each weight of the layers
  /// from `first` on by up to that share of their range.
  private static func model(tuning: Float = 0, from first: Int = 0, seed: UInt64 = 1) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    var moves = SplitMix64(seed: 99)
    func values(_ layer: Int, _ count: Int, _ range: Float) -> [Float] {
      (0..<count).map { _ in
        let value = (Float(random.unit()) - 0.5) * range
        let move = (Float(moves.unit()) - 0.5) * range * tuning
        return layer >= first ? value + move : value
      }
    }
    var model = ONNXSample()
    model.input("x", ["1", "1", "8", "8"])
    model.constant("w0", [12, 1, 3, 3], floats: values(0, 108, 1))
    model.constant("b0", [12], floats: values(0, 12, 1))
    model.node("Conv", ["x", "w0", "b0"], ["c"], ["kernel_shape": .ints([3, 3])])
    model.node("Relu", ["c"], ["r"])
    model.node("Flatten", ["r"], ["f"])
    model.constant("w1", [32, 432], floats: values(1, 13_824, 0.2))
    model.constant("b1", [32], floats: values(1, 32, 1))
    model.node("Gemm", ["f", "w1", "b1"], ["d"], ["transB": .int(1)])
    model.node("Relu", ["d"], ["h"])
    model.constant("w2", [10, 32], floats: values(2, 320, 1))
    model.constant("b2", [10], floats: values(2, 10, 1))
    model.node("Gemm", ["h", "w2", "b2"], ["y"], ["transB": .int(1)])
    model.output("y")
    return model.bytes
  }

  private struct Packed {
    var bundle: VerifiedBundle
    var notes: [String]
    var decibels: Double { bundle.manifest.quantization?.outputDecibels ?? 0 }
  }

  private func pack(_ model: [UInt8], base: QuantizedRelease? = nil) throws -> Packed {
    try Crypto.initialize()
    let key = try #require(Ed25519KeyPair(seed: [UInt8](repeating: 1, count: 32)))
    var request = PackRequest(
      name: "m", version: "1.0.0", sequence: base == nil ? 1 : 2, model: model, tool: "test")
    var random = SplitMix64(seed: 5)
    let floats = (0..<40 * 64).map { _ in Float(random.unit()) }
    request.calibration = [try NumericArray(floats: floats, shape: [40, 1, 8, 8])]
    request.base = base
    let outcome = try Packer(request).pack(signer: key)
    let bundle = try BundleVerifier(opener: SodiumZstd()).verify(
      outcome.bytes, trust: TrustPolicy(keys: [key.publicKey]))
    return Packed(bundle: bundle, notes: outcome.notes)
  }

  /// Bytes of the weights sections that differ.
  private func differences(_ left: Packed, _ right: Packed) throws -> Int {
    let (left, right) = (try left.bundle.section(.weights), try right.bundle.section(.weights))
    #expect(left.count == right.count)
    return zip(left, right).count { $0 != $1 }
  }

  @Test("the same model comes out with the same integers, however it was equalised")
  func sameModel() throws {
    let first = try pack(Self.model())
    let again = try pack(Self.model(), base: try QuantizedRelease(first.bundle))
    #expect(
      again.bundle.manifest.quantization?.method == first.bundle.manifest.quantization?.method)
    #expect(try differences(first, again) < 70)
    #expect(!again.notes.contains { $0.contains("base") })
  }

  @Test("where only the last layer was tuned, the others keep their integers")
  func tunedHead() throws {
    let first = try pack(Self.model())
    let tuned = Self.model(tuning: 0.02, from: 2)
    let free = try pack(tuned)
    let followed = try pack(tuned, base: try QuantizedRelease(first.bundle))
    #expect(followed.notes.allSatisfy { !$0.contains("base") }, "\(followed.notes)")
    #expect(followed.decibels > min(free.decibels, first.decibels) - 1.1)
    #expect(try differences(first, followed) < 500)
    let delta = try DeltaWriter(from: first.bundle, to: followed.bundle).write()
    #expect(Double(delta.weightsBytes) < 0.1 * Double(delta.wholeWeightsBytes))
  }

  @Test("a dead zone keeps more of the base, and its outputs stay near the new model's")
  func deadZone() throws {
    let first = try pack(Self.model())
    let tuned = Self.model(tuning: 0.01)
    var base = try QuantizedRelease(first.bundle)
    base.decibelsLost = 3
    let exact = try pack(tuned, base: base)
    base.deadZone = 0.5
    let kept = try pack(tuned, base: base)
    #expect(!kept.notes.contains { $0.contains("dead zone") }, "\(kept.notes)")
    #expect(try differences(first, kept) < differences(first, exact))
    #expect(kept.decibels > exact.decibels - 3)
  }

  @Test("a base that costs too much is not followed, and that is said")
  func strangeBase() throws {
    let stranger = try pack(Self.model(seed: 7))
    var base = try QuantizedRelease(stranger.bundle)
    base.decibelsLost = -100
    let free = try pack(Self.model())
    let packed = try pack(Self.model(), base: base)
    #expect(packed.notes.contains { $0.hasPrefix("the base is not followed") })
    #expect(try differences(free, packed) == 0)
  }

  @Test("a bundle of trees is no base")
  func refusedBase() throws {
    try Crypto.initialize()
    let key = try #require(Ed25519KeyPair(seed: [UInt8](repeating: 1, count: 32)))
    let request = PackRequest(
      name: "t", version: "1.0.0", sequence: 1, model: TreeSamples.everyMode(tracksTrue: 0),
      tool: "test")
    let trees = try BundleVerifier(opener: SodiumZstd()).verify(
      try Packer(request).pack(signer: key).bytes, trust: TrustPolicy(keys: [key.publicKey]))
    #expect(throws: PackError.self) { try QuantizedRelease(trees) }
  }
}
