import Arrays
import BundleFormat
import Bundling
import Evaluation
import HostArrays
import ModelSamples
import Sealing
import TestSupport
import Testing

/// A draft on test data.
@Suite("release test") struct ReleaseTestTests {
  private static func array(_ count: Int, seed: UInt64) throws -> NumericArray {
    try NumericArray(floats: SmallNetwork.inputs(count, seed: seed), shape: [count, 3, 8, 8])
  }

  private static func draft() throws -> BundleDraft {
    var request = PackRequest(
      name: "small", version: "1.0.0", sequence: 3, model: SmallNetwork.onnx(seed: 1),
      tool: "test")
    request.calibration = [try array(40, seed: 2)]
    return try Packer(request).draft()
  }

  /// Labels that are what the float model answers, but for the first `wrong`.
  private static func dataset(
    _ data: NumericArray, _ draft: BundleDraft, wrong: Int = 0
  ) throws -> Dataset {
    var dataset = Dataset(arrays: [data])
    let count = data.shape[0]
    dataset.targets = .classes([Int](repeating: 0, count: count))
    let report = try Evaluator(session: draft.session, plan: draft.manifest.plans[0])
      .evaluate(dataset, model: draft.model)
    let chosen = try #require(report.floatAnswers).items.map(\.chosen)
    dataset.targets = .classes(chosen.enumerated().map { $0 < wrong ? ($1 + 1) % 4 : $1 })
    return dataset
  }

  @Test func figuresAndGatesAreKept() throws {
    var draft = try Self.draft()
    var dataset = try Self.dataset(try Self.array(60, seed: 9), draft, wrong: 3)
    dataset.slices = [.init(name: "half", values: TextColumn((0..<60).map { $0 / 30 }))]
    let gates = [
      Gate(.metric(.accuracy), .drop(0.2), sliceItems: 30), Gate(.noise, .minimum(10)),
    ]
    var test = ReleaseTest(draft, gates: gates)
    let (evidence, notes) = try test.measure(dataset)
    #expect(notes.isEmpty)
    for gate in gates { #expect(try GateJudge(evidence).verdict(gate).holds) }
    draft = test.draft
    draft.add(
      test.report(evidence), sources: [SourceFile(role: "test", bytes: [1])], notes: ["a"])
    try Crypto.initialize()
    let key = try #require(Ed25519KeyPair(seed: [UInt8](repeating: 1, count: 32)))
    let outcome = try draft.sealed(signer: key)
    let bundle = try BundleVerifier(opener: SodiumZstd()).verify(
      outcome.bytes, trust: TrustPolicy(keys: [key.publicKey]))
    let tests = try #require(bundle.manifest.tests)
    #expect(tests.items == 60)
    #expect(
      tests.figures.map(\.metric) == [
        "accuracy", "balancedAccuracy", "macroF1", "sqnr", "accuracy", "accuracy",
      ])
    #expect(tests.figures[0].floatValue == 0.95)
    // The three wrong ones are in the first half, which is worse.
    #expect(tests.figures[4].slice == .init(column: "half", value: "0"))
    #expect(tests.figures[4].items == 30)
    #expect(tests.gates.map(\.kind) == ["drop", "minimum"])
    #expect(bundle.manifest.provenance.sources.map(\.role) == ["test"])
    #expect(outcome.notes.last == "a")
  }

  /// Ranges were set by the calibration data: a test on it is none.
  @Test func sharedItems() throws {
    let draft = try Self.draft()
    var test = ReleaseTest(draft, gates: [])
    let other = try Self.array(60, seed: 9)
    let calibration = try Self.array(40, seed: 2)
    func mixed(_ shared: Int) throws -> Dataset {
      try Self.dataset(
        try NumericArray(
          floats: Array(calibration.asFloats().prefix(192 * shared))
            + other.asFloats().prefix(192 * (60 - shared)), shape: [60, 3, 8, 8]), draft)
    }
    #expect(try test.measure(mixed(0)).notes.isEmpty)
    #expect(
      try test.measure(mixed(3)).notes == ["3 of 60 test items are calibration items too"])
    let error = try #require(
      #expect(throws: PackError.self) { try test.measure(try mixed(4)) })
    #expect(error.message.contains("4 of 60 test items"))
  }

  @Test func championsMustAnswerTheSame() throws {
    let draft = try Self.draft()
    var plan = draft.manifest.plans[0]
    #expect(throws: Never.self) {
      try ReleasedModel(session: draft.session, plan: plan, bytes: 1)
        .checkComparable(with: draft.manifest.plans[0])
    }
    var named = plan
    named.outputs[0].labels = ["a", "b", "c", "d"]
    #expect(throws: Never.self) {
      try ReleasedModel(session: draft.session, plan: plan, bytes: 1).checkComparable(with: named)
    }
    var other = named
    other.outputs[0].labels.swapAt(0, 1)
    plan.outputs[0].shape = [1, 5]
    for (first, second) in [(named, other), (named, plan)] {
      #expect(throws: PackError.self) {
        try ReleasedModel(session: draft.session, plan: first, bytes: 1)
          .checkComparable(with: second)
      }
    }
  }

  @Test func latency() throws {
    let (first, second) = (try Self.draft(), try Self.draft())
    let one = LatencyMeasurement(first.session, seconds: 0.01)
    #expect(one.times.count >= 11 && one.median > 0 && one.ratio == nil)
    let both = LatencyMeasurement(first.session, beside: second.session, seconds: 0.2)
    let (ratio, interval) = (try #require(both.ratio), try #require(both.ratioInterval))
    #expect(interval.contains(ratio) && both.times.count == both.otherTimes.count)
    #expect((0.2...5).contains(ratio), "the same model: \(ratio)")
  }
}
