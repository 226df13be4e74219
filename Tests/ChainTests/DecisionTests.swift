import Arrays
import BundleFormat
import Bundling
import DeviceCommands
import DeviceRuntime
import Evaluation
import Foundation
import Importers
import SignalChain
import TestSupport
import Testing
import Wire

/// Outputs to decisions, in integers.
@Suite("decisions") struct DecisionTests {
  private func decide(_ decider: inout Decider, _ levels: [Int8]) -> Decision {
    levels.withUnsafeBytes { decider.decide($0) }
  }

  @Test func topClassAndThresholds() throws {
    let rule = try #require(
      DecisionRule(
        judgement: .topClass(thresholds: [10, -128, 128], alarms: [0]), output: 0))
    var decider = Decider(rule, output: LevelFormat(zeroPoint: 0))
    let accepted = decide(&decider, [10, 9, 9])
    #expect(accepted == Decision(topClass: 0, score: 10, isHit: true, isAlarm: true))
    #expect(decide(&decider, [9, 8, 8]).topClass == nil)
    #expect(decide(&decider, [-128, -128, -128]).topClass == nil, "the first of equals is class 0")
    #expect(
      decide(&decider, [0, 1, 1]) == Decision(topClass: 1, score: 1, isHit: false, isAlarm: false))
    #expect(decide(&decider, [0, 1, 127]).topClass == nil, "128 is never reached")
  }

  /// Against the definition: at least k hits among the last n, for every history of ten items.
  @Test func debouncing() throws {
    for (needed, window) in [(1, 1), (2, 3), (3, 3), (3, 5), (64, 64)] {
      let rule = try #require(
        DecisionRule(
          judgement: .topClass(thresholds: [0], alarms: [0]), output: 0, needed: needed,
          window: window))
      for history in 0..<1024 {
        var decider = Decider(rule, output: LevelFormat(zeroPoint: 0))
        let hits = (0..<10).map { history >> $0 & 1 == 1 }
        for position in 0..<10 {
          let decision = decide(&decider, [hits[position] ? 0 : -1])
          let seen = hits[max(0, position + 1 - window)...position].count { $0 }
          #expect(decision.isHit == hits[position] && decision.isAlarm == (seen >= needed))
        }
        decider.reset()
        #expect(!decide(&decider, [-1]).isAlarm)
      }
    }
    let judgement = DecisionRule.Judgement.topClass(thresholds: [0], alarms: [])
    for (needed, window) in [(0, 1), (2, 1), (1, 65), (-1, 3)] {
      #expect(
        DecisionRule(judgement: judgement, output: 0, needed: needed, window: window) == nil)
    }
  }

  /// The integer error is the real one within what the weights round, and cannot overflow.
  @Test func reconstructionError() throws {
    var random = SplitMix64(seed: 21)
    for _ in 0..<200 {
      let scales = (Float(random.unit()) + 0.01, Float(random.unit()) + 0.01)
      let zeros = (Int32(random.next() % 256) - 128, Int32(random.next() % 256) - 128)
      let (input, output) = (random.bytes(50), random.bytes(50))
      let error = ReconstructionError(
        inputScale: scales.0, outputScale: scales.1, isWide: false)
      #expect(max(error.inputWeight, error.outputWeight) == 4096)
      let sum = input.withUnsafeBytes { input in
        output.withUnsafeBytes { output in
          error.sum(
            input: Levels(input, LevelFormat(zeroPoint: zeros.0)), zeroPoint: zeros.0,
            output: Levels(output, LevelFormat(zeroPoint: zeros.1)), zeroPoint: zeros.1)
        }
      }
      let real = zip(input, output).reduce(0.0) { total, pair in
        let x = Double(Int32(Int8(bitPattern: pair.0)) - zeros.0) * Double(scales.0)
        let y = Double(Int32(Int8(bitPattern: pair.1)) - zeros.1) * Double(scales.1)
        return total + (x - y) * (x - y)
      }
      let mean = error.mean(sum, elements: 50, inputScale: scales.0, outputScale: scales.1)
      // Half a unit of weight times 255 steps, against differences of up to 510 · 4096 units.
      let slack = 2 * 255 * 0.5 / 4096 * Double(max(scales.0, scales.1))
      #expect(abs(mean.squareRoot() - (real / 50).squareRoot()) < slack)
    }
    #expect(ReconstructionError(inputWeight: 4095, outputWeight: 4095) == nil)
    #expect(ReconstructionError(inputWeight: 4097, outputWeight: 1) == nil)
    #expect(ReconstructionError(inputWeight: -1, outputWeight: 4096) == nil)
  }

  /// An int8 input against an int16 output of half its range: steps of very different size.
  @Test func reconstructionErrorOfTwoWidths() throws {
    var random = SplitMix64(seed: 22)
    let scales: (Float, Float) = (0.37, 0.37 / 128)
    let error = ReconstructionError(inputScale: scales.0, outputScale: scales.1, isWide: true)
    #expect(error.inputWeight == 1 << 20 && error.outputWeight == 8192)
    let input = (0..<50).map { _ in Int8(truncatingIfNeeded: random.next()) }
    let output = (0..<50).map { _ in Int16(truncatingIfNeeded: random.next()) / 2 }
    let formats = (LevelFormat(zeroPoint: -7), LevelFormat(isWide: true, zeroPoint: 0))
    let sum = input.withUnsafeBytes { input in
      output.withUnsafeBytes { output in
        error.sum(
          input: Levels(input, formats.0), zeroPoint: -7, output: Levels(output, formats.1),
          zeroPoint: 0)
      }
    }
    let real = zip(input, output).reduce(0.0) { total, pair in
      let difference = (Double(pair.0) + 7) * Double(scales.0) - Double(pair.1) * Double(scales.1)
      return total + difference * difference
    }
    let mean = error.mean(sum, elements: 50, inputScale: scales.0, outputScale: scales.1)
    #expect(abs(mean / (real / 50) - 1) < 1e-3)
    // What cannot be held stops at the largest.
    let far: [Int16] = [-32768, 32767]
    let worst = try #require(ReconstructionError(inputWeight: 1 << 20, outputWeight: 1 << 20))
    let stopped = far.withUnsafeBytes { far in
      worst.sum(
        input: Levels(far, formats.1), zeroPoint: 0,
        output: Levels(UnsafeRawBufferPointer(rebasing: far[2...]), formats.1), zeroPoint: 0)
    }
    #expect(stopped == UInt64(Int64.max))
  }

  @Test func wideClasses() throws {
    let rule = try #require(
      DecisionRule(judgement: .topClass(thresholds: [300, 32768], alarms: [0]), output: 0))
    var decider = Decider(rule, output: LevelFormat(isWide: true, zeroPoint: 0))
    func decide(_ levels: [Int16]) -> Decision { levels.withUnsafeBytes { decider.decide($0) } }
    #expect(decide([300, 299]) == Decision(topClass: 0, score: 300, isHit: true, isAlarm: true))
    #expect(decide([299, 298]).topClass == nil)
    #expect(decide([-300, 32767]).topClass == nil, "32768 is never reached")
  }

  private func request(_ decision: String) throws -> PackRequest {
    let recipe = try Recipe(
      json5: Data(
        "{name: 'a', version: '1.0.0', sequence: 1, model: 'm', decision: \(decision)}".utf8))
    var request = PackRequest(
      name: "small", version: "1.0.0", sequence: 1, model: SmallNetwork.onnx(seed: 1), tool: "test")
    request.calibration = [
      try NumericArray(floats: SmallNetwork.inputs(30, seed: 2), shape: [30, 3, 8, 8])
    ]
    request.ports = [
      NamedPort(name: "classes", naming: PortNaming(labels: ["a", "b", "c", "d"]))
    ]
    request.decision = recipe.decision
    return request
  }

  @Test func classesOfARecipe() throws {
    let packed = try PackedModel(
      request(
        "{threshold: 0.5, thresholds: {b: 2}, alarm: ['d', 'b'], debounce: {needed: 2, of: 3}}"))
    let rule = try #require(packed.plan.decision)
    // Softmax has the scale 1/256 and the zero point −128: 0.5 is level 0, 2 is out of reach.
    let judgement = DecisionRule.Judgement.topClass(thresholds: [0, 128, 0, 0], alarms: [1, 3])
    #expect(rule == DecisionRule(judgement: judgement, output: 0, needed: 2, window: 3))
    let data = try NumericArray(floats: SmallNetwork.inputs(25, seed: 8), shape: [25, 3, 8, 8])
    let report = try Evaluator(session: packed.session, plan: packed.plan)
      .evaluate([data], labels: [Int](repeating: 3, count: 25), model: nil)
    let counts = try #require(report.decisions)
    #expect(counts.items == 25 && counts.accepted <= 25 && counts.right <= counts.accepted)
    for (wrong, reason) in [
      ("{alarm: ['e']}", "no class is labelled e"), ("{output: 'x'}", "no output called x"),
      ("{debounce: {needed: 3, of: 2}}", "debounce"),
      ("{reconstruction: {quantile: 0.9}}", "192"),
      ("{threshold: 1, reconstruction: {quantile: 0.9}}", "no classes"),
    ] {
      let error = try #require(
        #expect(throws: PackError.self) { try PackedModel(request(wrong)) })
      #expect(error.message.contains(reason), "\(wrong): \(error.message)")
    }
  }

  /// An autoencoder that repeats what lies in a plane: its own data passes, other data does not.
  @Test func anomaliesOfAnAutoencoder() throws {
    var sample = ONNXSample()
    sample.input("x", ["1", "8"])
    let half: [Float] = [0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0]
    let rows = [half, half.reversed()]
    sample.constant("w1", [2, 8], floats: rows.flatMap { $0 })
    sample.constant("b1", [2], floats: [0, 0])
    sample.constant("w2", [8, 2], floats: (0..<8).flatMap { index in rows.map { $0[index] } })
    sample.constant("b2", [8], floats: [Float](repeating: 0, count: 8))
    sample.node("Gemm", ["x", "w1", "b1"], ["h"], ["transB": .int(1)])
    sample.node("Gemm", ["h", "w2", "b2"], ["y"], ["transB": .int(1)])
    sample.output("y")
    var random = SplitMix64(seed: 33)
    func item(_ isAnomaly: Bool) -> [Float] {
      let (a, b) = (Float(random.unit()) * 2 - 1, Float(random.unit()) * 2 - 1)
      return (0..<8).map { index in
        (index < 4 ? a : b) + 0.1 * Float(random.unit()) + (isAnomaly && index % 2 == 0 ? 0.8 : 0)
      }
    }
    var request = PackRequest(
      name: "ae", version: "1.0.0", sequence: 1, model: sample.bytes, tool: "test")
    request.calibration = [
      try NumericArray(floats: (0..<200).flatMap { _ in item(false) }, shape: [200, 8])
    ]
    request.decision = Recipe.Decision(reconstruction: Recipe.Reconstruction(quantile: 0.95))
    let packed = try PackedModel(request)
    let evaluator = Evaluator(session: packed.session, plan: packed.plan)
    let own = try #require(
      try evaluator.evaluate(request.calibration, labels: nil, model: nil).decisions)
    #expect(own.hits <= 10 && own.hits >= 5, "5 % of 200, but for ties: \(own.hits)")
    let labels = (0..<100).map { $0 % 2 }
    let mixed = try NumericArray(floats: labels.flatMap { item($0 == 1) }, shape: [100, 8])
    let model = try ModelImporter.load(bytes: sample.bytes, name: "ae")
    let report = try evaluator.evaluate([mixed], labels: labels, model: model)
    // Anomalies are told by their error, in integers as in floats.
    #expect(report.metrics == [.auc] && report.measure(.auc)?.value == 1)
    #expect(report.floatValue(.auc, report.selections[0]) == 1)
    let counts = try #require(report.decisions)
    #expect(counts.anomalies == 50 && counts.found == 50)
    #expect(counts.hits - counts.found <= 10)
    #expect(counts.isReconstruction)
  }

  /// What `run` writes: one line per item, in the output's units, fields quoted.
  @Test func tableOfDecisions() throws {
    var request = try request("{alarm: ['b']}")
    request.ports[0].naming.labels = ["a, b", "say \"b\"", "c", "d"]
    request.decision?.alarm = nil
    let packed = try PackedModel(request)
    var log = try #require(try DecisionLog(plan: packed.plan, session: packed.session))
    packed.session.input(0).initializeMemory(as: UInt8.self, repeating: 3)
    log.willRun(packed.session)
    packed.session.run()
    log.didRun(packed.session)
    let lines = String(decoding: log.table(), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 2 && lines[0] == "item,class,label,score,hit,alarm")
    let best = try #require(log.decisions[0].topClass)
    let name = ["\"a, b\"", "\"say \"\"b\"\"\"", "\"c\"", "\"d\""][best]
    let score = Double(log.decisions[0].score + 128) / 256
    #expect(lines[1] == "0,\(best),\(name),\(score),0,0")
  }
}
