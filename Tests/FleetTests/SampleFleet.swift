import BundleFormat
import CBOR
import COSE
import DriftStatistics
import HostSealing
import Sealing
import Telemetry
import Wire

/// A stream of rows through three taps: a brightness, a vibration with a mirrored display, a class.
struct SampleStream {
  var generator: SplitMix64

  private mutating func bell() -> Double {
    var total = -6.0
    for _ in 0..<12 { total += generator.unit() }
    return total
  }

  mutating func row(shift: Double) -> [Int32] {
    let light = bell()
    let kind = generator.unit() + shift * 0.1
    return [
      Int32(1000 + 100 * (light + shift)), Int32(80 * bell()),
      kind < 0.5 ? 0 : kind < 0.85 ? 1 : 2,
    ]
  }
}

/// A release with a contract and its reference, from a fixed seed.
struct SampleRelease {
  static let windowItems = 200
  let contract: TelemetryContract
  let reference: ReferenceStatistics

  static let shared: SampleRelease? = try? SampleRelease()

  init() throws {
    var stream = SampleStream(generator: SplitMix64(seed: 11))
    let rows = (0..<4000).map { _ in stream.row(shift: 0) }
    let columns = (0..<3).map { tap in rows.map { $0[tap] } }
    func tap(
      _ index: Int, _ name: String, _ unit: String, _ function: TapFunction, scale: Double,
      offset: Double, bins: Int, categories: [String] = []
    ) -> Tap {
      Tap(
        name: name, unit: unit, stage: index == 2 ? .output : .input, source: index,
        function: function, displayScale: scale, displayOffset: offset,
        edges: categories.isEmpty
          ? Tap.quantileEdges(columns[index], bins: bins)
          : (1..<Int32(categories.count)).map { $0 },
        lowest: columns[index].min() ?? 0, highest: columns[index].max() ?? 0,
        categories: categories)
    }
    let taps = [
      tap(0, "image · mean", "lx", .sum(channel: 0), scale: 0.5, offset: 0, bins: 10),
      tap(1, "vibration", "mm/s²", .deviation(channel: 0), scale: -0.01, offset: 3, bins: 12),
      tap(
        2, "predicted class", "", .topClass, scale: 1, offset: 0, bins: 3,
        categories: ["<script>alert(1)</script>", "bolt & nut", "washer"]),
    ]
    contract = TelemetryContract(
      windowItems: Self.windowItems, samplingPeriod: 1, alarmRate: 0.001, taps: taps)
    let counts = Self.count(rows, taps)
    let null = try NullDistribution.make(
      rows: rows.map { row in taps.indices.map { UInt8(taps[$0].binIndex(row[$0])) } },
      binCounts: taps.map(\.binCount), windowItems: Self.windowItems, draws: 20_000, seed: 5)
    reference = ReferenceStatistics(items: UInt32(rows.count), taps: counts, null: null)
  }

  static func count(_ rows: [[Int32]], _ taps: [Tap]) -> [TapCounts] {
    taps.indices.map { index in
      let tap = taps[index]
      var counts = TapCounts(
        bins: [UInt32](repeating: 0, count: tap.binCount), below: 0, above: 0)
      for row in rows {
        counts.bins[tap.binIndex(row[index])] += 1
        if row[index] < tap.lowest { counts.below += 1 }
        if row[index] > tap.highest { counts.above += 1 }
      }
      return counts
    }
  }

  /// A window of a stream shifted by some standard deviations.
  func window(_ stream: inout SampleStream, shift: Double = 0) -> WindowCounts {
    let rows = (0..<Self.windowItems).map { _ in stream.row(shift: shift) }
    return WindowCounts(
      items: UInt32(Self.windowItems), taps: Self.count(rows, contract.taps))
  }

  /// The release's bundle, signed by the key of this seed.
  func bundle(signer seed: UInt8 = 1, name: String = "bolts") throws -> [UInt8] {
    let raw = reference.cbor().encoded()
    let frame = try ZstdEncoder.compress(raw)
    let manifest = Manifest(
      name: name, version: "1.2.0", sequence: 7, isDevelopment: false,
      requirements: Requirements(runtimeVersion: 1, planVersion: 1),
      plans: [
        PlanEntry(
          name: "main", inputs: [], outputs: [],
          resources: Resources(arenaBytes: 64, weightsBytes: 64, multiplyAccumulates: 64))
      ],
      certificates: [], quantization: nil, telemetry: contract,
      provenance: Provenance(
        tool: "tests", compressor: "zstd", sources: [], licence: ""),
      sections: [
        Section(
          kind: .reference, plan: "", offset: 0, storedBytes: UInt64(frame.count),
          storedDigest: SHA256.digest(frame), rawBytes: UInt64(raw.count),
          rawDigest: SHA256.digest(raw))
      ])
    return try BundleSigning.assemble(
      manifest: manifest, sections: [frame], signer: SampleKey.pair(seed))
  }
}

/// Keys of fixed seeds.
enum SampleKey {
  static func pair(_ seed: UInt8) throws -> Ed25519KeyPair {
    try Crypto.initialize()
    guard let pair = Ed25519KeyPair(seed: [UInt8](repeating: seed, count: 32)) else {
      throw SealingError.cryptoUnavailable
    }
    return pair
  }
}

/// A device that chains windows and signs batches of them.
struct SampleDevice {
  let key: Ed25519KeyPair
  let release: [UInt8]
  var records: [[UInt8]] = []
  private var stream: SampleStream
  private var start: Int64 = 1_790_000_000

  init(_ seed: UInt8, release: [UInt8], stream: UInt64? = nil) throws {
    key = try SampleKey.pair(seed)
    self.release = release
    self.stream = SampleStream(generator: SplitMix64(seed: stream ?? UInt64(seed)))
  }

  var identifier: String { Hex.encode(SHA256.digest(key.publicKey)) }

  /// Closes windows of a stream shifted by some standard deviations.
  mutating func measure(_ count: Int, of sample: SampleRelease, shift: Double = 0) {
    for _ in 0..<count { append(sample.window(&stream, shift: shift)) }
  }

  mutating func append(_ counts: WindowCounts, release other: [UInt8]? = nil) {
    let record = WindowRecord(
      boot: 1, sequence: UInt64(records.count + 1),
      previous: records.last.map { SHA256.digest($0) } ?? [UInt8](repeating: 0, count: 32),
      lost: 0,
      content: WindowContent(
        release: other ?? release, start: start, end: start + 3599, seen: UInt64(counts.items),
        counts: counts, latency: LatencyHistogram(), isPartial: false))
    start += 3600
    records.append(record.encoded())
  }

  func batch(_ range: Range<Int>? = nil) throws -> [UInt8] {
    try Batch.sign(
      records: Array(records[range ?? records.indices]), deviceKey: key.publicKey, with: key)
  }
}
