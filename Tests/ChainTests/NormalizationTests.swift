import Arrays
import BundleFormat
import Bundling
import DeviceRuntime
import DriftStatistics
import Evaluation
import Foundation
import Importers
import PlanFormat
import SignalChain
import TestSupport
import Testing
import Wire

/// Raw values to a model's input: the same numbers at packing, in `eval` and on the device.
@Suite("normalisation") struct NormalizationTests {
  private static let imageNet = Normalization(
    factor: 1 / 255, means: [0.485, 0.456, 0.406], deviations: [0.229, 0.224, 0.225], stride: 64)

  private func tensor(_ scale: Float, _ zeroPoint: Int32, _ shape: [Int]) -> PlanTensor {
    PlanTensor(
      name: "x", element: .int8, shape: shape, arenaOffset: 0, scale: scale, zeroPoint: zeroPoint)
  }

  @Test func refusesWhatIsNoNormalisation() {
    func make(
      _ factor: Float, _ means: [Float], _ deviations: [Float], _ stride: Int = 1
    ) -> Normalization? {
      Normalization(factor: factor, means: means, deviations: deviations, stride: stride)
    }
    #expect(make(1, [0], [1]) != nil)
    #expect(make(0, [0], [1]) == nil && make(.nan, [0], [1]) == nil)
    #expect(make(1, [], []) == nil && make(1, [0], [1, 1]) == nil)
    #expect(make(1, [.infinity], [1]) == nil && make(1, [0], [0]) == nil)
    #expect(make(1, [0], [1], 0) == nil)
    #expect(make(1, [0, 0], [1, 1], Int.max)?.fits(elements: 4) == false)
  }

  /// numpy 2.4.6: ((np.float32(u) * np.float32(1 / 255) − mean) / std).view(np.uint32), u = 0, 1, 128,
  /// 255, of the three channels of ImageNet.
  @Test func bitsAreNumpys() throws {
    let normalization = try #require(Self.imageNet)
    let expected: [[UInt32]] = [
      [0xc0078bbd, 0xc006732b, 0x3d97af32, 0x400fee1d],
      [0xc0024924, 0xc0012a4f, 0x3e521b48, 0x401b6db7],
      [0xbfe6f809, 0xbfe4bcea, 0x3eda5d3c, 0x4028f5c3],
    ]
    for channel in 0..<3 {
      for (byte, bits) in zip([0, 1, 128, 255] as [Float], expected[channel]) {
        #expect(normalization.apply(byte, channel: channel).bitPattern == bits)
      }
    }
    #expect([0, 63, 64, 191].map { normalization.channel(of: $0) } == [0, 0, 1, 2])
    #expect(normalization.fits(elements: 192) && !normalization.fits(elements: 191))
  }

  /// The table of bytes is the float edge, byte by byte.
  @Test func byteTableIsTheEdge() throws {
    let normalization = try #require(Self.imageNet)
    let tensor = tensor(0.0187, -15, [1, 3, 8, 8])
    let table = EdgeCodec.byteTable(normalization, tensor: tensor)
    var random = SplitMix64(seed: 11)
    let raw = random.bytes(192)
    var (byTable, byFloats) = ([UInt8](repeating: 0, count: 192), [UInt8](repeating: 0, count: 192))
    byTable.withUnsafeMutableBytes {
      EdgeCodec.loadRawBytes(raw, normalization: normalization, table: table, into: $0)
    }
    try byFloats.withUnsafeMutableBytes {
      try EdgeCodec.quantize(
        raw.map { Float($0) }, normalization: normalization, tensor: tensor, into: $0)
    }
    #expect(byTable == byFloats)
    #expect(Set(byTable).count > 50)
  }

  private func request(preparation: InputPreparation?, calibration: NumericArray) -> PackRequest {
    var request = PackRequest(
      name: "small", version: "1.0.0", sequence: 1, model: SmallNetwork.onnx(seed: 1), tool: "test")
    request.calibration = [calibration]
    request.ports = [
      NamedPort(
        name: "image", naming: PortNaming(labels: ["r", "g", "b"]), preparation: preparation)
    ]
    return request
  }

  /// Raw bytes through a bundle that normalises are what normalised floats are through one that does
  /// not: the whole of training's preprocessing went into the bundle.
  @Test func imagesAreNormalisedInTheBundle() throws {
    let normalization = try #require(Self.imageNet)
    let preparation = InputPreparation(
      isImage: true, factor: normalization.factor, means: normalization.means,
      deviations: normalization.deviations)
    var random = SplitMix64(seed: 3)
    let raw = random.bytes(40 * 192)
    let bytes = try NumericArray(type: .uint8, shape: [40, 3, 8, 8], bytes: raw)
    let floats = raw.enumerated().map { index, byte in
      normalization.apply(Float(byte), channel: index / 64 % 3)
    }
    let normalised = try NumericArray(floats: floats, shape: [40, 3, 8, 8])
    let whole = try PackedModel(request(preparation: preparation, calibration: bytes))
    let bare = try PackedModel(request(preparation: nil, calibration: normalised))
    let port = whole.plan.inputs[0]
    #expect(port.userElement == "uint8" && port.normalization == normalization)
    #expect(port.scale == bare.plan.inputs[0].scale)
    let model = try ModelImporter.load(bytes: SmallNetwork.onnx(seed: 1), name: "small")
    let report = try Evaluator(session: whole.session, plan: whole.plan)
      .evaluate([bytes], labels: nil, model: model)
    let other = try Evaluator(session: bare.session, plan: bare.plan)
      .evaluate([normalised], labels: nil, model: model)
    #expect(report.noise?.decibels == other.noise?.decibels)
    let decibels = try #require(report.noise?.decibels)
    #expect(decibels > 20)
  }

  /// Two features six orders of magnitude apart: one scale for both loses the smaller one.
  @Test func featuresOfDifferentRanges() throws {
    var sample = ONNXSample()
    sample.input("features", ["1", "2"])
    sample.constant("w", [3, 2], floats: [1, -2, 0.5, 1.5, -1, 1])
    sample.constant("b", [3], floats: [0.1, -0.2, 0.3])
    sample.node("Gemm", ["features", "w", "b"], ["scores"], ["transB": .int(1)])
    sample.output("scores")
    var random = SplitMix64(seed: 5)
    let raw = (0..<200).flatMap { _ -> [Float] in
      [101_325 + 500 * (Float(random.unit()) - 0.5), 0.02 * Float(random.unit())]
    }
    var request = PackRequest(
      name: "weather", version: "1.0.0", sequence: 1, model: sample.bytes, tool: "test")
    request.calibration = [try NumericArray(floats: raw, shape: [200, 2])]
    let scaling = InputPreparation(
      isImage: false, factor: 1, means: [101_325, 0.01], deviations: [144, 0.0058])
    request.ports = [NamedPort(name: "features", naming: PortNaming(), preparation: scaling)]
    let packed = try PackedModel(request)
    let report = try Evaluator(session: packed.session, plan: packed.plan).evaluate(
      request.calibration, labels: nil,
      model: try ModelImporter.load(bytes: sample.bytes, name: "w"))
    let decibels = try #require(report.noise?.decibels)
    #expect(decibels > 35, "\(decibels) dB")
    #expect(packed.plan.inputs[0].userElement == "float32")
    let taps = try #require(packed.manifest.telemetry?.taps.filter { $0.stage == .input })
    // Taps show pascals, not standard deviations of them.
    #expect(abs(taps[0].displayOffset - 101_325) < 400, "\(taps[0].displayOffset)")
  }

  @Test func doubtfulAxesAreRefused() throws {
    func failure(_ axis: Int?, _ means: [Float], _ deviations: [Float]) throws -> PackError {
      let preparation = InputPreparation(
        isImage: true, factor: 1, means: means, deviations: deviations, axis: axis)
      let calibration = try NumericArray(
        floats: SmallNetwork.inputs(4, seed: 2), shape: [4, 3, 8, 8])
      let request = request(preparation: preparation, calibration: calibration)
      return try #require(#expect(throws: PackError.self) { try PackedModel(request) })
    }
    let eight = [Float](repeating: 1, count: 8)
    #expect(try failure(nil, eight, eight).message.contains("2 axes of 8 channels"))
    #expect(try failure(nil, [1, 1], [1, 1]).message.contains("no axis of 2 channels"))
    #expect(try failure(1, eight, eight).message.contains("on axis 1"))
    #expect(try failure(nil, [1, 1, 1], [1, 0, 1]).message.contains("cannot be normalised"))
  }

  @Test func recipesSayIt() throws {
    func input(_ text: String) throws -> NamedPort {
      let recipe = try Recipe(
        json5: Data(
          "{name: 'a', version: '1.0.0', sequence: 1, model: 'm', inputs: [{name: 'x', \(text)}]}"
            .utf8))
      return try NamedPort(try #require(recipe.inputs?.first))
    }
    #expect(
      try input("normalise: {mean: [0.5], std: [0.25]}").preparation
        == InputPreparation(isImage: true, factor: 1 / 255, means: [0.5], deviations: [0.25]))
    #expect(
      try input("scaling: {minimum: [1, 2], maximum: [3, 6]}").preparation
        == InputPreparation(isImage: false, factor: 1, means: [1, 2], deviations: [2, 4]))
    for wrong in [
      "scaling: {minimum: [1]}", "scaling: {mean: [1], maximum: [2]}",
      "scaling: {minimum: [1], maximum: [2, 3]}",
      "scaling: {mean: [1], std: [1]}, normalise: {mean: [1], std: [1]}",
    ] {
      #expect(throws: RecipeError.self, "\(wrong)") { try input(wrong) }
    }
  }
}
