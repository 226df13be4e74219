import BundleFormat
import Bundling
import Evaluation
import Foundation
import HostArrays
import Testing

/// What a gate reads, and when it holds.
@Suite("gates") struct GateTests {
  // MARK: Reading

  private func recipe(_ gates: String) throws(RecipeError) -> Recipe {
    try Recipe(
      json5: Data(
        "{ name: 'm', version: '1.0.0', sequence: 1, model: 'm', gates: [\(gates)] }".utf8))
  }

  private func gates(_ text: String) throws -> [Gate] {
    try (recipe(text).gates ?? []).flatMap { try Gate.gates($0) }
  }

  @Test func reading() throws {
    #expect(
      try gates(
        """
        { metric: 'accuracy', minimum: '97 %', drop: 0.01, slices: true },
        { metric: "mae", maximum: 2.5, margin: 0.1, sliceItems: 50 },
        { metric: 'sqnr', minimum: "35 dB" }, { metric: 'latency', maximum: '500 µs' },
        { metric: 'latency', margin: "10 %" }, { metric: 'bundle', maximum: '16 KiB' },
        { metric: 'arena', maximum: 65536, target: 'arm64' }, { metric: 'image', maximum: '1 MiB' }
        """) == [
          Gate(.metric(.accuracy), .minimum(0.97), sliceItems: 30),
          Gate(.metric(.accuracy), .drop(0.01), sliceItems: 30),
          Gate(.metric(.mae), .maximum(2.5), sliceItems: 50),
          Gate(.metric(.mae), .margin(0.1), sliceItems: 50), Gate(.noise, .minimum(35)),
          Gate(.latency, .maximum(500_000)), Gate(.latency, .margin(0.1)),
          Gate(.bundle, .maximum(16384)), Gate(.arena(target: "arm64"), .maximum(65536)),
          Gate(.image(target: nil), .maximum(1_048_576)),
        ])
  }

  @Test(arguments: [
    ("{ metric: 'acuracy', minimum: 1 }", "'acuracy'"),
    ("{ metric: 'accuracy' }", "limits nothing"), ("{ metric: 'mae', minimum: 1 }", "no meaning"),
    ("{ metric: 'accuracy', maximum: 1 }", "no meaning"),
    ("{ metric: 'sqnr', drop: 1 }", "no meaning"),
    ("{ metric: 'arena', margin: 1 }", "no meaning"),
    ("{ metric: 'latency', maximum: 5 }", "a time with its unit"),
    ("{ metric: 'bundle', maximum: '5 ms' }", "bytes"),
    ("{ metric: 'mae', maximum: '5 %' }", "the target's unit"),
    ("{ metric: 'latency', maximum: '5 ms', target: 'arm64' }", "certified per target"),
    ("{ metric: 'bundle', maximum: 5, slices: true }", "no slices"),
    ("{ metric: 'accuracy', minimum: 1, sliceItems: 0 }", "sliceItems"),
  ])
  func refusing(_ text: String, _ reason: String) throws {
    let error = try #require(#expect(throws: PackError.self) { try gates(text) })
    #expect(error.message.contains(reason), "\(error.message)")
  }

  @Test func unknownKeys() throws {
    func error(_ text: String) throws -> RecipeError {
      try #require(
        #expect(throws: RecipeError.self) {
          try Recipe(json5: Data("{ version: '1', sequence: 1, model: 'm', \(text) }".utf8))
        })
    }
    #expect(try error("name: 'm', tagets: []").unknownKey == "tagets")
    let nested = try error("name: 'm', gates: [{ metric: 'a' }, { metric: 'a', minimun: 1 }]")
    #expect(nested.reason == "gates[1].minimun is no key of a recipe")
    #expect(nested.knownKeys.contains("minimum"))
    #expect(
      try error("name: 'm', inputs: [{ name: 'x', normalise: { men: [1] } }]").reason
        == "inputs[0].normalise.mean is missing")
    #expect(
      try error("name: 'm', inputs: [{ name: 'x', normalise: { mean: [1], std: [1], sale: 2 } }]")
        .unknownKey == "sale")
    // Any key is right where names of classes or columns stand.
    let open = "decision: { thresholds: { cat: 1 } }, columns: { units: { speed: 'm/s' } }"
    #expect(
      try Recipe(
        json5: Data("{ name: 'm', version: '1', sequence: 1, model: 'm', \(open) }".utf8)
      ).decision?.thresholds == ["cat": 1])
  }

  // MARK: Judging

  /// Answers of a classifier of two classes that has `right` of each slice's items.
  private func answers(_ slices: [(items: Int, right: Int)]) -> Answers {
    let rights = slices.flatMap { slice in (0..<slice.items).map { $0 < slice.right } }
    return Answers(scores: rights.map { $0 ? [0, 1] : [1, 0] }, labels: rights.map { _ in 1 })
  }

  private func report(
    _ answers: Answers, slices: [Int] = [], float: Answers? = nil
  ) -> EvaluationReport {
    let column = slices.enumerated().flatMap { [Int64](repeating: Int64($0), count: $1) }
    return EvaluationReport(
      items: answers.items.count, answers: answers, floatAnswers: float,
      selections: Selection.all(
        of: answers.items.count,
        slices: slices.isEmpty ? [] : [.init(name: "site", values: TextColumn(column))],
        groups: nil))
  }

  private func verdict(_ gate: Gate, _ report: EvaluationReport?) throws -> GateVerdict {
    var evidence = GateEvidence()
    evidence.report = report
    return try GateJudge(evidence).verdict(gate)
  }

  @Test func theWholeIsJudgedByItsValue() throws {
    let report = report(answers([(200, 194)]))
    #expect(try verdict(Gate(.metric(.accuracy), .minimum(0.97)), report).holds)
    let failed = try verdict(Gate(.metric(.accuracy), .minimum(0.971)), report)
    #expect(!failed.holds)
    let finding = try #require(failed.decisive)
    #expect(finding.value == 0.97 && finding.items == 200 && finding.slice == nil)
    #expect(try #require(finding.interval).contains(0.97))
  }

  /// Noise fails no slice, too few items judge none, a bad one is named.
  @Test func slices() throws {
    // 27 of 30 is below 95 %, and would be in one of four slices of a model that is just there.
    let noisy = try verdict(
      Gate(.metric(.accuracy), .minimum(0.95), sliceItems: 30),
      report(answers([(30, 27), (400, 395), (29, 0)]), slices: [30, 400, 29]))
    #expect(noisy.findings.map(\.holds) == [false, true, true])
    #expect(noisy.smallSlices == 1)
    let bad = try verdict(
      Gate(.metric(.accuracy), .minimum(0.9), sliceItems: 30),
      report(answers([(100, 60), (900, 895), (100, 70)]), slices: [100, 900, 100]))
    #expect(bad.findings.map(\.holds) == [true, false, true, false])
    #expect(!bad.holds)
    #expect(bad.worstSlice?.slice == .init(column: "site", value: "0"))
    #expect(bad.worstSlice?.value == 0.6)
  }

  /// A model just at the limit in every one of ten slices fails about once in twenty.
  @Test func falseAlarmsOfSlices() throws {
    var random = SeededRandom()
    var alarms = 0
    for _ in 0..<400 {
      let slices = (0..<10).map { _ in
        (items: 60, right: (0..<60).count { _ in Double(random.next() >> 11) * 0x1p-53 < 0.9 })
      }
      let verdict = try verdict(
        Gate(.metric(.accuracy), .minimum(0.9), sliceItems: 30),
        report(answers(slices), slices: slices.map(\.items)))
      if verdict.findings.contains(where: { $0.slice != nil && !$0.holds }) { alarms += 1 }
    }
    #expect((1...25).contains(alarms), "\(alarms) of 400")
  }

  /// The same of a drop that is just as large as allowed.
  @Test func falseAlarmsOfDrops() throws {
    var random = SeededRandom()
    var alarms = 0
    for _ in 0..<300 {
      var rights: [(float: Bool, integer: Bool)] = []
      for _ in 0..<600 {
        let u = Double(random.next() >> 11) * 0x1p-53
        rights.append((u < 0.95, u < 0.92))
      }
      func answers(_ rights: [Bool]) -> Answers {
        Answers(scores: rights.map { $0 ? [0, 1] : [1, 0] }, labels: rights.map { _ in 1 })
      }
      let verdict = try verdict(
        Gate(.metric(.accuracy), .drop(0.03), sliceItems: 30),
        report(
          answers(rights.map(\.integer)), slices: [Int](repeating: 60, count: 10),
          float: answers(rights.map(\.float))))
      if verdict.findings.contains(where: { $0.slice != nil && !$0.holds }) { alarms += 1 }
    }
    #expect(alarms <= 24, "\(alarms) of 300")
  }

  @Test func drops() throws {
    let float = answers([(100, 90), (100, 95)])
    let bundle = answers([(100, 88), (100, 70)])
    let report = report(bundle, slices: [100, 100], float: float)
    let whole = try verdict(Gate(.metric(.accuracy), .drop(0.14)), report)
    #expect(whole.holds && (whole.findings[0].measured - 0.135).magnitude < 1e-12)
    #expect(whole.findings[0].reference == 0.925)
    let verdict = try verdict(Gate(.metric(.accuracy), .drop(0.135), sliceItems: 30), report)
    #expect(verdict.findings.map(\.holds) == [true, true, false])
    #expect(verdict.worstSlice?.slice?.value == "1")
    #expect(throws: PackError.self) {
      try self.verdict(Gate(.metric(.accuracy), .drop(0.1)), self.report(bundle))
    }
  }

  /// The burden is the challenger's, and no slice is asked for more than the champion itself could show.
  @Test func margins() throws {
    func verdict(_ margin: Double, _ slices: [(Int, Int)], _ champion: [(Int, Int)]) throws
      -> GateVerdict
    {
      var evidence = GateEvidence()
      evidence.report = report(answers(slices), slices: slices.map(\.0))
      evidence.champion = report(answers(champion))
      return try GateJudge(evidence).verdict(
        Gate(.metric(.accuracy), .margin(margin), sliceItems: 30))
    }
    let champion = [(400, 390), (40, 38), (400, 380)]
    let same = try verdict(0.01, champion, champion)
    #expect(same.holds && same.smallSlices == 1 && same.findings.count == 3)
    // One item worse in 400 could be three worse in the next.
    let close = try verdict(0.01, [(400, 389), (40, 38), (400, 380)], champion)
    #expect(close.holds)
    let worse = try verdict(0.01, [(400, 386), (40, 38), (400, 380)], champion)
    #expect(worse.findings.map(\.holds) == [true, false, true])
    #expect((worse.worstSlice?.measured ?? 0) - 0.01 < 1e-12)
    #expect(worse.worstSlice?.interval?.upperBound ?? 0 > 0.015)
  }

  @Test func sizes() throws {
    var evidence = GateEvidence()
    evidence.bundleBytes = 1100
    evidence.championBytes = 1000
    evidence.certificates = [("a", 100), ("b", 300)].map { name, bytes in
      TargetCertificate(
        target: name, targetDigest: [], arenaBytes: bytes, peakBytes: 2 * bytes,
        imageBytes: 3 * bytes)
    }
    let judge = GateJudge(evidence)
    func holds(_ quantity: Gate.Quantity, _ limit: Gate.Limit) throws -> Bool {
      try judge.verdict(Gate(quantity, limit)).holds
    }
    #expect(try holds(.bundle, .maximum(1100)))
    #expect(try !holds(.bundle, .maximum(1099)))
    #expect(try holds(.bundle, .margin(0.1)))
    #expect(try !holds(.bundle, .margin(0.09)))
    #expect(try holds(.arena(target: "a"), .maximum(100)))
    #expect(try !holds(.arena(target: nil), .maximum(299)))
    #expect(try holds(.memory(target: nil), .maximum(600)))
    #expect(try !holds(.image(target: "b"), .maximum(899)))
    #expect(try judge.verdict(Gate(.arena(target: nil), .maximum(9))).decisive?.target == "b")
    #expect(throws: PackError.self) { try holds(.arena(target: "c"), .maximum(1)) }
    #expect(throws: PackError.self) { try holds(.latency, .maximum(1)) }
    #expect(throws: PackError.self) { try holds(.noise, .minimum(1)) }
  }

  @Test func metricsOfOtherTasks() throws {
    let error = try #require(
      #expect(throws: PackError.self) {
        try verdict(Gate(.metric(.mae), .maximum(1)), report(answers([(9, 9)])))
      })
    #expect(error.hint?.contains("accuracy") == true)
  }
}
