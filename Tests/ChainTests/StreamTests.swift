import Arrays
import BundleFormat
import Bundling
import DeviceRuntime
import Evaluation
import SignalChain
import TestSupport
import Testing
import Wire

/// Items cut from a stream: the ring of rows against the definition.
@Suite("streams") struct StreamTests {
  @Test func refusesWhatIsNoStream() {
    func rule(_ rows: Int, _ channels: Int, _ hop: Int) -> StreamRule? {
      StreamRule(rows: rows, channels: channels, hop: hop, isChannelsFirst: false)
    }
    #expect(rule(4, 2, 4) != nil && rule(1, 1, 1) != nil)
    #expect(rule(0, 1, 1) == nil && rule(4, 2, 5) == nil && rule(4, 2, 0) == nil)
    #expect(rule(4, 0, 1) == nil && rule(1 << 21, 1, 1) == nil && rule(1 << 20, 65_536, 1) == nil)
  }

  /// Item i holds rows i · hop … i · hop + rows − 1, in the order the model has them.
  @Test(arguments: [false, true]) func ringIsTheDefinition(isChannelsFirst: Bool) throws {
    var random = SplitMix64(seed: 77)
    for (rows, channels, hop, length) in [
      (1, 1, 1, 5), (4, 3, 4, 20), (5, 2, 3, 31), (7, 4, 1, 25), (8, 1, 5, 7), (6, 2, 6, 6),
    ] {
      let rule = try #require(
        StreamRule(rows: rows, channels: channels, hop: hop, isChannelsFirst: isChannelsFirst))
      let stream = random.bytes(length * channels)
      var window = StreamWindow(rule)
      for pass in 0..<2 {
        var items: [[UInt8]] = []
        for row in 0..<length {
          let isDue = stream[row * channels..<(row + 1) * channels].withUnsafeBytes {
            window.append($0)
          }
          guard isDue else { continue }
          var item = [UInt8](repeating: 0, count: rule.elements)
          item.withUnsafeMutableBytes { window.copy(into: $0) }
          items.append(item)
        }
        let expected = (0..<rule.items(in: length)).map { item -> [UInt8] in
          let rowsFirst = Array(stream[item * hop * channels..<(item * hop + rows) * channels])
          guard isChannelsFirst else { return rowsFirst }
          return (0..<rows * channels).map { rowsFirst[$0 % rows * channels + $0 / rows] }
        }
        #expect(items == expected, "\(rows)×\(channels) hop \(hop), pass \(pass)")
        #expect(items.count == (length < rows ? 0 : (length - rows) / hop + 1))
        window.reset()
      }
    }
  }

  /// A normalisation by channel passes row by row, one by time does not.
  @Test func normalizationByRow() throws {
    func normalization(_ means: [Float], _ stride: Int) throws -> Normalization {
      try #require(
        Normalization(
          factor: 1, means: means, deviations: means.map { _ in 2 }, stride: stride))
    }
    let rows = try #require(StreamRule(rows: 4, channels: 3, hop: 2, isChannelsFirst: false))
    let channels = try #require(StreamRule(rows: 4, channels: 3, hop: 2, isChannelsFirst: true))
    let byInner = try normalization([1, 2, 3], 1)
    let byOuter = try normalization([1, 2, 3], 4)
    #expect(rows.allows(byInner) && !rows.allows(byOuter))
    #expect(channels.allows(byOuter) && !channels.allows(byInner))
    #expect(try rows.allows(normalization([5], 1)) && channels.allows(normalization([5], 1)))
    #expect(try !rows.allows(normalization([1, 2, 3, 4], 3)))
    #expect(rows.rowNormalization(byInner)?.means == [1, 2, 3])
    #expect(channels.rowNormalization(byOuter)?.means == [1, 2, 3])
    #expect(channels.rowNormalization(byOuter)?.stride == 1)
  }

  /// A recording packs, evaluates and is refused as its windows would be.
  @Test func recordingsAreTheirWindows() throws {
    var random = SplitMix64(seed: 4)
    let recording = try NumericArray(
      floats: (0..<50 * 24).map { _ in Float(random.unit()) * 10 }, shape: [50, 24])
    func request(_ calibration: NumericArray, _ stream: Recipe.Stream?) -> PackRequest {
      var request = PackRequest(
        name: "small", version: "1.0.0", sequence: 1, model: SmallNetwork.onnx(seed: 1),
        tool: "test")
      request.calibration = [calibration]
      request.stream = stream
      return request
    }
    // [1, 3, 8, 8]: the second axis of 8 has rows outside of columns, so no row lies together.
    let doubtful = try #require(
      #expect(throws: PackError.self) { try PackedModel(request(recording, .init(window: 8))) })
    #expect(doubtful.message.contains("2 axes of 8 rows"))
    let mixed = try #require(
      #expect(throws: PackError.self) {
        try PackedModel(request(recording, .init(window: 8, axis: 2)))
      })
    #expect(mixed.message.contains("before and after"))
    let absent = try #require(
      #expect(throws: PackError.self) { try PackedModel(request(recording, .init(window: 9))) })
    #expect(absent.message.contains("0 axes"))
    // Its last axis as time: rows of 24 channels, channels first.
    let stream = Recipe.Stream(window: 8, hop: 3, axis: 3)
    let streamed = try PackedModel(request(recording, stream))
    #expect(
      streamed.plan.stream
        == StreamRule(rows: 8, channels: 24, hop: 3, isChannelsFirst: true))
    let floats = recording.asFloats()
    var windows: [Float] = []
    for item in 0..<15 {
      for element in 0..<192 {
        let row = item * 3 + element % 8
        windows.append(floats[row * 24 + element / 8])
      }
    }
    let items = try NumericArray(floats: windows, shape: [15, 3, 8, 8])
    let itemised = try PackedModel(request(items, nil))
    #expect(streamed.plan.inputs[0].scale == itemised.plan.inputs[0].scale)
    #expect(streamed.manifest.quantization == itemised.manifest.quantization)
    let report = try Evaluator(session: streamed.session, plan: streamed.plan)
      .evaluate([recording], labels: [Int](repeating: 0, count: 15), model: nil)
    let other = try Evaluator(session: itemised.session, plan: itemised.plan)
      .evaluate([items], labels: [Int](repeating: 0, count: 15), model: nil)
    #expect(report.items == 15 && report.answers == other.answers)
    let short = try NumericArray(floats: Array(floats.prefix(7 * 24)), shape: [7, 24])
    #expect(throws: PackError.self) {
      try Evaluator(session: streamed.session, plan: streamed.plan)
        .evaluate([short], labels: nil, model: nil)
    }
  }
}
