import Arrays
import BundleFormat
import Bundling
import FloatReference
import Lowering
import ModelGraph
import ModelSamples
import Operators
import Quantizer
import Sealing
import TestSupport
import Testing

/// 16-bit activations: where they may be, what they cost and what they gain.
@Suite("16-bit activations") struct WideningTests {
  /// x → dense → relu → (+ x) → dense → scores; weights are whole steps of their scales, so that only
  /// activations are rounded.
  private func residual() -> Graph {
    var random = SeededValues(seed: 5)
    var graph = Graph(name: "residual")
    func value(_ name: String, _ shape: [Int], _ constant: TensorData? = nil) -> ValueID {
      graph.add(Value(name: name, type: ValueType(.float32, shape), constant: constant))
    }
    func weights(_ rows: Int, _ columns: Int) -> ValueID {
      let floats = wholeSteps(rows, columns, &random)
      let shape = [rows, columns]
      return value("w\(rows)", shape, TensorData(shape: shape, floats: floats))
    }
    let x = value("x", [1, 6])
    let (first, sum, scores) = (
      value("h", [1, 6]), value("sum", [1, 6]), value("scores", [1, 3])
    )
    let (w1, w2) = (weights(6, 6), weights(3, 6))
    func node(_ name: String, _ operation: any Operation, _ inputs: [ValueID], _ output: ValueID) {
      graph.nodes.append(
        Node(name: name, operation: operation, inputs: inputs, outputs: [output]))
    }
    node("first", FullyConnected(activation: .relu), [x, w1], first)
    node("add", Binary(.add), [first, x], sum)
    node("last", FullyConnected(activation: .none), [sum, w2], scores)
    graph.inputs = [x]
    graph.outputs = [scores]
    return graph
  }

  /// Weights that int8 holds exactly.
  private func wholeSteps(_ rows: Int, _ columns: Int, _ random: inout SeededValues) -> [Float] {
    (0..<rows * columns).map { index in
      Float(index % columns == 0 ? 127 : random.int(-127...127)) / 128
    }
  }

  private func items(_ count: Int, seed: UInt64) -> [[TensorData]] {
    var random = SeededValues(seed: seed)
    return (0..<count).map { _ in [random.floats([1, 6])] }
  }

  private func calibrated(_ graph: Graph) throws -> CalibratedModel {
    try CalibratedModel(graph, items: items(200, seed: 1), equalizing: false)
  }

  private func quantized(_ model: CalibratedModel) throws -> Graph {
    try Quantizer.quantize(model, method: .minMax, inputs: [.calibrated])
  }

  private func decibels(_ model: CalibratedModel, of graph: Graph) throws -> Double {
    let integers = try IntegerModel(try Lowering.lower(try quantized(model)))
    let test = items(200, seed: 2)
    let truth = try FloatExecutor(graph).run(items: test)
    var meter = NoiseMeter()
    for (expected, item) in zip(truth, test) {
      meter.add(expected[0].floats ?? [], try integers.run(item)[0])
    }
    return meter.decibels
  }

  @Test func candidatesSayWhatTheyCost() throws {
    let graph = residual()
    let model = try calibrated(graph)
    let all = model.wideningCandidates(inputs: graph.inputs)
    #expect(all.map(\.name) == ["x", "first", "add", "last"])
    // 36 products of the first layer, 18 of the last, 6 sums.
    #expect(all.map(\.cost) == [42, 42, 24, 18])
    #expect(all.map(\.isInput) == [true, false, false, false])
    #expect(all.map(\.isFinal) == [false, false, false, true])
    #expect(model.wideningCandidates(inputs: []).count == 3)
    #expect(model.widening(all).wideningCandidates(inputs: graph.inputs).isEmpty)
    #expect(model.multiplyAccumulates == 54)
  }

  /// Whatever is chosen runs, and the more is wide the nearer the outputs come.
  @Test func everyChoiceRuns() throws {
    let graph = residual()
    let model = try calibrated(graph)
    let candidates = model.wideningCandidates(inputs: graph.inputs)
    var results: [Int: Double] = [:]
    for choice in 0..<1 << candidates.count {
      let taken = candidates.enumerated().filter { choice >> $0.offset & 1 == 1 }.map(\.element)
      results[choice] = try decibels(model.widening(taken), of: graph)
    }
    let (none, all) = (try #require(results[0]), try #require(results[15]))
    #expect(none > 25 && none < 60, "\(none)")
    #expect(all > 75)
    for (choice, result) in results where choice != 15 {
      #expect(result > none - 1 && result < all, "\(choice)")
    }
  }

  @Test func finalLayersKeepSixteenBits() throws {
    let graph = residual()
    let model = try calibrated(graph)
    let last = model.wideningCandidates(inputs: []).filter(\.isFinal)
    let result = try quantized(model.widening(last))
    #expect(result[result.outputs[0]].type.element == .int16)
    #expect(result[result.inputs[0]].type.element == .int8)
    #expect(result.nodes.map(\.name) == ["first", "add", "sum/wide", "last"])
  }

  /// What reads a wide value computes in 16 bits; its result is narrow where it was not chosen.
  @Test func readersFollow() throws {
    let graph = residual()
    let model = try calibrated(graph)
    let input = model.wideningCandidates(inputs: graph.inputs).filter(\.isInput)
    let result = try quantized(model.widening(input))
    #expect(
      result.nodes.map(\.name) == ["first", "first/narrow", "h/wide", "add", "add/narrow", "last"])
    #expect(result[result.inputs[0]].type.element == .int16)
    #expect(result[result.outputs[0]].type.element == .int8)
  }

  // MARK: pack

  private func request(_ target: Double?) throws -> PackRequest {
    var random = SeededValues(seed: 9)
    var sample = ONNXSample()
    sample.input("signal", ["1", "16"])
    sample.constant("w1", [12, 16], floats: wholeSteps(12, 16, &random))
    sample.constant("w2", [4, 12], floats: wholeSteps(4, 12, &random))
    sample.node("Gemm", ["signal", "w1"], ["a"], ["transB": .int(1)])
    sample.node("Relu", ["a"], ["r"])
    sample.node("Gemm", ["r", "w2"], ["scores"], ["transB": .int(1)])
    sample.output("scores")
    var request = PackRequest(
      name: "target", version: "1.0.0", sequence: 1, model: sample.bytes, tool: "test")
    let floats = (random.floats([60, 16]).floats ?? [])
    request.calibration = [try NumericArray(floats: floats, shape: [60, 16])]
    request.signalToNoiseTarget = target
    return request
  }

  private func method(_ target: Double?) throws -> (method: String, decibels: Double) {
    try Crypto.initialize()
    let key = try #require(Ed25519KeyPair(seed: [UInt8](repeating: 1, count: 32)))
    let report = try #require(
      try Packer(request(target)).pack(signer: key).manifest.quantization)
    return (report.method, report.outputDecibels)
  }

  @Test func theTargetIsReached() throws {
    let plain = try method(nil)
    let target = plain.decibels + 1
    let better = try method(target)
    #expect(better.decibels >= target, "\(plain) \(better)")
    #expect(better.method.hasSuffix("in 16 bits"))
    // A target that holds already changes nothing.
    #expect(try method(plain.decibels - 3) == plain)
  }

  @Test func aTargetOutOfReachIsRefused() throws {
    let error = #expect(throws: PackError.self) { try method(120) }
    #expect(error?.kind == .threshold)
    #expect(error?.message.contains("the target is 120.0") == true)
  }
}
