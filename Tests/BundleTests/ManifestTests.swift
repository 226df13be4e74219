import BundleFormat
import CBOR
import PlanFormat
import SignalChain
import TestSupport
import Testing
import Wire

/// The manifest's codec: exact, strict, bounded.
@Suite("manifest") struct ManifestTests {
  static func sample() throws -> Manifest { SampleBundle.manifest(try SampleBundle.parts()) }

  static func refused(_ edit: (inout Manifest) -> Void) throws -> Bool {
    var manifest = try sample()
    edit(&manifest)
    return (try? Manifest(decoding: manifest.encoded())) == nil
  }

  @Test func roundTrip() throws {
    var manifest = try Self.sample()
    #expect(try Manifest(decoding: manifest.encoded()) == manifest)
    manifest.telemetry = nil
    manifest.quantization = nil
    manifest.certificates = []
    #expect(try Manifest(decoding: manifest.encoded()) == manifest)
    manifest.plans[0].outputs[0].labels = (0..<1000).map { "class \($0)" }
    #expect(try Manifest(decoding: manifest.encoded()) == manifest)
  }

  /// Ranks, links and wide elements came with schema 2; what has none stays in schema 1.
  @Test func ranksAndLinks() throws {
    func column(_ values: [Float], feature: Int = 0, missing: Int = 0) -> RankColumn {
      RankColumn(feature: feature, values: values, isEquality: false, missingRank: missing)
    }
    var manifest = try Self.sample()
    #expect(manifest.requiredSchema == 1)
    manifest.plans[0].inputs[0].element = "int16"
    manifest.plans[0].inputs[0].ranks = [
      column([-.infinity, -1.5, 0, 7], missing: 4),
      RankColumn(feature: 0, values: [2], isEquality: true, missingRank: 1),
    ]
    manifest.plans[0].outputs[0].link = .softmaxZero
    #expect(manifest.requiredSchema == 2)
    #expect(try Manifest(decoding: manifest.encoded()) == manifest)
    for ranks in [
      [column([])], [column([1, 1])], [column([2, 1])], [column([.nan])],
      [column([1, .nan])], [column([1], feature: 1 << 20)], [column([1], missing: 2)],
      [RankColumn(feature: 0, values: [1, 2], isEquality: true, missingRank: 0)],
      [column((0...RankColumn.valuesMax).map { Float($0) })],
    ] {
      #expect(
        try Self.refused {
          $0.plans[0].inputs[0].element = "int16"
          $0.plans[0].inputs[0].ranks = ranks
        })
    }
    #expect(try Self.refused { $0.plans[0].inputs[0].ranks = [column([1])] }, "ranks of int8")
    #expect(try Self.refused { $0.plans[0].inputs[0].link = .softmax })
    #expect(
      try Self.refused {
        $0.plans[0].outputs[0].element = "int16"
        $0.plans[0].outputs[0].ranks = [column([1])]
      })
    // The schema it is written in is the oldest that holds it, and no other.
    var bytes = try Self.sample().encoded()
    let schema = Array("schema".utf8)
    let place =
      try #require(
        bytes.indices.first { bytes[$0...].starts(with: schema) }) + schema.count
    #expect(bytes[place] == 1)
    bytes[place] = 2
    #expect(throws: BundleError.self) { try Manifest(decoding: bytes) }
  }

  /// Reports of tests came with schema 2.
  @Test func tests() throws {
    typealias Figure = TestReport.Figure
    let report = TestReport(
      items: 540,
      figures: [
        Figure(
          metric: "accuracy", items: 540, value: 0.976, interval: 0.959...0.986, floatValue: 0.98),
        Figure(
          metric: "accuracy", slice: .init(column: "writer", value: "é"), items: 31, value: 1),
      ],
      gates: [
        .init(quantity: "accuracy", kind: "drop", limit: 0.01, sliceItems: 30),
        .init(quantity: "arena", kind: "maximum", limit: 65536, target: "arm64"),
      ])
    var manifest = try Self.sample()
    manifest.tests = report
    #expect(manifest.requiredSchema == 2)
    #expect(try Manifest(decoding: manifest.encoded()) == manifest)
    for value in [Double.nan, .infinity] {
      #expect(
        try Self.refused {
          $0.tests = report; $0.tests?.figures[0].value = value
        })
      #expect(
        try Self.refused {
          $0.tests = report; $0.tests?.figures[0].floatValue = value
        })
      #expect(
        try Self.refused {
          $0.tests = report; $0.tests?.gates[0].limit = value
        })
    }
    let long = String(repeating: "m", count: 65)
    #expect(
      try Self.refused {
        $0.tests = report; $0.tests?.figures[0].metric = long
      })
    #expect(
      try Self.refused {
        $0.tests = report; $0.tests?.gates[0].target = long
      })
    let many = [Figure](repeating: report.figures[1], count: BundleLimits.figures + 1)
    #expect(try Self.refused { $0.tests = TestReport(items: 1, figures: many, gates: []) })
  }

  @Test func limits() throws {
    #expect(try !Self.refused { $0.sequence = .max })
    for name in ["", ".hidden", "..", "Upper", "a/b", "ä", String(repeating: "a", count: 65)] {
      #expect(try Self.refused { $0.name = name }, "name \(name)")
    }
    for scale: Float in [0, -1, .infinity, .nan] {
      #expect(try Self.refused { $0.plans[0].inputs[0].scale = scale }, "scale \(scale)")
    }
    #expect(try Self.refused { $0.plans = [] })
    #expect(try Self.refused { $0.plans.append($0.plans[0]) })
    #expect(try Self.refused { $0.plans[0].inputs[0].shape = [0] })
    #expect(try Self.refused { $0.plans[0].resources.arenaBytes = .max })
    #expect(try Self.refused { $0.plans[0].resources.weightsBytes = 1 << 30 })
    #expect(try Self.refused { $0.certificates[0].targetDigest = [1] })
  }

  /// What raw data passes through is of schema 2, and no manifest has two encodings.
  @Test func normalization() throws {
    var manifest = try Self.sample()
    let elements = Int(manifest.plans[0].inputs[0].shape.reduce(1, *))
    func encoded(
      _ means: [Float], _ deviations: [Float], stride: Int, edit: (inout CBORMap) -> Void = { _ in }
    ) throws -> [UInt8] {
      manifest.plans[0].inputs[0].normalization = Normalization(
        factor: 0.5, means: means, deviations: deviations, stride: stride)
      guard case .map(var map) = try CBORValue.decode(manifest.encoded()) else { return [] }
      edit(&map)
      return CBORValue.map(map).encoded()
    }
    let whole = try encoded([0.25], [2], stride: elements) { map in
      #expect(map[.text("schema")] == .unsigned(2))
    }
    #expect(try Manifest(decoding: whole) == manifest)
    #expect(throws: BundleError.manifest(.outOfRange(path: "schema"))) {
      try Manifest(
        decoding: encoded([0.25], [2], stride: 1) { $0[.text("schema")] = .unsigned(1) })
    }
    manifest.plans[0].inputs[0].normalization = nil
    #expect(throws: BundleError.self) {
      try Manifest(decoding: encoded([], [], stride: 1) { $0[.text("schema")] = .unsigned(2) })
    }
    #expect(throws: BundleError.self) {
      try Manifest(decoding: encoded([1, 2], [1, 1], stride: elements))
    }
    // Neither a deviation of 0 nor a number between two Floats is read as what it is not.
    let stated = try encoded([0.25], [2], stride: 1)
    for value in [0, 0.1] {
      guard case .map(var map) = try CBORValue.decode(stated),
        case .array(var plans)? = map[.text("plans")], case .map(var plan) = plans[0],
        case .array(var inputs)? = plan[.text("inputs")], case .map(var port) = inputs[0],
        case .map(var normalization)? = port[.text("normalization")]
      else {
        Issue.record("no normalisation")
        return
      }
      normalization[.text("deviations")] = .array([.float64(value)])
      port[.text("normalization")] = .map(normalization)
      inputs[0] = .map(port)
      plan[.text("inputs")] = .array(inputs)
      plans[0] = .map(plan)
      map[.text("plans")] = .array(plans)
      #expect(throws: BundleError.self, "\(value)") {
        try Manifest(decoding: CBORValue.map(map).encoded())
      }
    }
  }

  /// A decision speaks of ports that are there, and of nothing its arithmetic cannot hold.
  @Test func decision() throws {
    var manifest = try Self.sample()
    let elements = Int(manifest.plans[0].outputs[0].shape.reduce(1, *))
    func isRead(
      _ judgement: DecisionRule.Judgement, output: Int = 0, window: Int = 1
    ) throws -> Bool {
      manifest.plans[0].decision = DecisionRule(
        judgement: judgement, output: output, needed: 1, window: window)
      return (try? Manifest(decoding: manifest.encoded())) == manifest
    }
    let thresholds = [Int32](repeating: 5, count: elements)
    #expect(try isRead(.topClass(thresholds: thresholds, alarms: [0])))
    #expect(try isRead(.topClass(thresholds: thresholds, alarms: []), window: 64))
    #expect(try !isRead(.topClass(thresholds: thresholds, alarms: [0]), output: 1))
    #expect(try !isRead(.topClass(thresholds: thresholds + [0], alarms: [])))
    #expect(try !isRead(.topClass(thresholds: thresholds.map { _ in 129 }, alarms: [])))
    #expect(try !isRead(.topClass(thresholds: thresholds, alarms: [elements])))
    #expect(try !isRead(.topClass(thresholds: thresholds, alarms: [0, 0])))
    let error = ReconstructionError(inputScale: 1, outputScale: 0.5, isWide: false)
    manifest.plans[0].inputs[0].shape = manifest.plans[0].outputs[0].shape
    #expect(try isRead(.reconstruction(error, input: 0, threshold: .max)))
    #expect(try !isRead(.reconstruction(error, input: 1, threshold: 9)))
    manifest.plans[0].inputs[0].shape.append(2)
    #expect(try !isRead(.reconstruction(error, input: 0, threshold: 9)))
  }

  /// A stream has one input, whole; sound has a stream of its rows.
  @Test func streamAndAudio() throws {
    var manifest = try Self.sample()
    manifest.plans[0].inputs = [manifest.plans[0].inputs[0]]
    manifest.plans[0].inputs[0].shape = [1, 49, 10]
    func isRead(_ stream: StreamRule?, _ audio: AudioRule? = nil) throws -> Bool {
      manifest.plans[0].stream = stream
      manifest.plans[0].audio = audio
      return (try? Manifest(decoding: manifest.encoded())) == manifest
    }
    let rows = try #require(StreamRule(rows: 49, channels: 10, hop: 7, isChannelsFirst: false))
    #expect(try isRead(rows))
    #expect(try !isRead(StreamRule(rows: 49, channels: 9, hop: 7, isChannelsFirst: false)))
    var audio = AudioRule(
      rate: 16_000, frame: 480, hop: 320, transform: 512, window: .hann, spectrum: .magnitude,
      bands: 40, low: 20, high: 4000, offset: 1074, coefficients: 10)
    #expect(try isRead(rows, audio))
    #expect(try !isRead(nil, audio))
    audio.coefficients = 9
    #expect(try !isRead(rows, audio))
    audio.coefficients = 10
    audio.hop = 481
    #expect(try !isRead(rows, audio))
    // A normalisation that differs from row to row cannot pass row by row.
    let means = [Float](repeating: 0, count: 49)
    manifest.plans[0].inputs[0].normalization = Normalization(
      factor: 1, means: means, deviations: means.map { _ in 1 }, stride: 10)
    #expect(try !isRead(rows))
    manifest.plans[0].inputs.append(manifest.plans[0].inputs[0])
    #expect(try !isRead(rows))
  }

  @Test func layoutOfSections() throws {
    #expect(try Self.refused { $0.sections[0].offset = 64 })
    #expect(try Self.refused { $0.sections[1].offset += 1 })
    #expect(try Self.refused { $0.sections[1].offset = 0 })
    #expect(try Self.refused { $0.sections[2].offset += 64 })
    #expect(try Self.refused { $0.sections[0].storedBytes = .max })
    #expect(try Self.refused { $0.sections[3].rawBytes = 1 << 40 })
    #expect(try Self.refused { $0.sections.swapAt(0, 1) })
    #expect(try Self.refused { $0.sections[1].kind = $0.sections[0].kind })
    #expect(try Self.refused { $0.sections[1].plan = "unknown" })
    // Each within its own limit, together more than a file may hold.
    #expect(
      try Self.refused { manifest in
        for index in 0..<3 { manifest.sections[index].rawBytes = 200 << 20 }
      })
  }

  @Test func unknownKeysAndSchemas() throws {
    let bytes = try Self.sample().encoded()
    guard case .map(var map) = try CBORValue.decode(bytes) else {
      Issue.record("a manifest is not a map")
      return
    }
    map[.text("future")] = .unsigned(1)
    #expect(throws: BundleError.manifest(.unexpectedKey(path: "future"))) {
      try Manifest(decoding: CBORValue.map(map).encoded())
    }
    map[.text("schema")] = .unsigned(3)
    #expect(throws: BundleError.manifest(.outOfRange(path: "schema"))) {
      try Manifest(decoding: CBORValue.map(map).encoded())
    }
  }

  /// What is read is what was written: any bytes are refused, or are the one encoding of a manifest.
  @Test func damagedBytes() throws {
    let bytes = try Self.sample().encoded()
    var random = SplitMix64(seed: 0x5eed_0002)
    let damaged =
      Damage.flips(bytes) + Damage.truncations(bytes) + Damage.random(bytes, count: 2000, &random)
    var refused = 0
    for sample in damaged {
      guard let manifest = try? Manifest(decoding: sample) else {
        refused += 1
        continue
      }
      #expect(manifest.encoded() == sample, "seed 5eed0002")
    }
    #expect(refused > bytes.count)
  }

  /// A scale with more digits than a Float has is refused, not rounded.
  @Test func scaleIsExact() throws {
    let encoded = try Self.sample().encoded()
    // 0.1 as Float, and as the Double that is not a Float.
    let single: [UInt8] = [0xfa, 0x3d, 0xcc, 0xcc, 0xcd]
    let double: [UInt8] = [0xfb, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a]
    let place = encoded.indices.first { encoded[$0...].starts(with: single) }
    guard let place else {
      Issue.record("the sample's scale is not where it was")
      return
    }
    let changed = Array(encoded[..<place]) + double + Array(encoded[(place + 5)...])
    _ = try CBORValue.decode(changed)
    #expect(throws: BundleError.self) { try Manifest(decoding: changed) }
  }
}
