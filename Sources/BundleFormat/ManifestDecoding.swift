import CBOR
import DriftStatistics
import PlanFormat
import SignalChain

/// Limits of a bundle: sizes no honest one reaches, small enough that none overflows 32 bits.
public enum BundleLimits {
  /// A whole file, and the raw bytes of all its sections.
  public static let fileBytes = 512 << 20
  /// The signature block.
  public static let signatureBytes = 16 << 10
  /// Signatures in it.
  public static let signatures = 32
  /// The manifest.
  public static let manifestBytes = 4 << 20
  /// One section, raw.
  public static let sectionBytes = 256 << 20
  /// What says how a section was arranged.
  static let arrangementBytes = 4 << 20
  /// Sections, plans, ports, certificates, sources.
  public static let entries = 64
  /// Layers of the quantisation report.
  public static let layers = 4096
  /// UTF-8 bytes of a name or a version.
  public static let nameBytes = 64
  /// Figures of a test report, and gates.
  public static let figures = 256
  /// Labels of a port.
  public static let labels = 65_536
}

extension Manifest {
  /// Reads a manifest. Unknown keys are refused: what a later schema adds comes with a new number.
  ///
  /// - Throws: `BundleError.manifest` naming the field that is wrong.
  public init(decoding bytes: [UInt8]) throws(BundleError) {
    do throws(CBORError) {
      let record = try CBORRecord(try CBORValue.decode(bytes))
      let schema = try record.unsigned(at: "schema")
      guard (1...Self.schemaVersion).contains(schema) else {
        throw CBORError.outOfRange(path: "schema")
      }
      self = try Manifest(record)
      // A manifest has one form: that of the oldest schema it fits.
      guard schema == requiredSchema else { throw CBORError.outOfRange(path: "schema") }
    } catch {
      throw .manifest(error)
    }
  }

  private init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly([
      "schema", "name", "version", "sequence", "development", "requires", "plans", "certificates",
      "quantization", "telemetry", "tests", "provenance", "sections",
    ])
    name = try record.text(at: "name")
    guard Self.isName(name) else { throw CBORError.outOfRange(path: "name") }
    version = try record.short(at: "version")
    sequence = try record.unsigned(at: "sequence")
    isDevelopment = try record.bool(at: "development")
    let requires = try record.record(at: "requires")
    try requires.expectOnly(["runtime", "plan"])
    requirements = Requirements(
      runtimeVersion: try requires.unsigned(at: "runtime"),
      planVersion: try requires.unsigned(at: "plan"))
    plans = []
    for entry in try record.records(at: "plans", limit: BundleLimits.entries) {
      let plan = try PlanEntry(entry)
      guard !plans.contains(where: { $0.name == plan.name }) else {
        throw CBORError.outOfRange(path: entry.pathOf("name"))
      }
      plans.append(plan)
    }
    guard !plans.isEmpty else { throw CBORError.outOfRange(path: "plans") }
    certificates = []
    for entry in try record.records(at: "certificates", limit: BundleLimits.entries) {
      certificates.append(try TargetCertificate(entry))
    }
    quantization =
      record.has("quantization")
      ? try QuantizationReport(try record.record(at: "quantization")) : nil
    telemetry =
      record.has("telemetry") ? try TelemetryContract(cbor: try record.value(at: "telemetry")) : nil
    tests = record.has("tests") ? try TestReport(try record.record(at: "tests")) : nil
    provenance = try Provenance(try record.record(at: "provenance"))
    sections = []
    var total: UInt64 = 0
    for entry in try record.records(at: "sections", limit: BundleLimits.entries) {
      let section = try Section(entry)
      // One section answers to a kind and a plan: a reader never has to choose between two.
      guard section.plan.isEmpty || plans.contains(where: { $0.name == section.plan }),
        !sections.contains(where: { $0.kind == section.kind && $0.plan == section.plan })
      else { throw CBORError.outOfRange(path: entry.pathOf("plan")) }
      total += section.rawBytes
      guard total <= UInt64(BundleLimits.fileBytes) else {
        throw CBORError.outOfRange(path: entry.pathOf("raw_bytes"))
      }
      let end = sections.last.map { $0.offset + $0.storedBytes } ?? 0
      // Each section follows the one before at the next multiple of 64: nothing hides between them.
      guard section.offset == (end + 63) / 64 * 64 else {
        throw CBORError.outOfRange(path: entry.pathOf("offset"))
      }
      sections.append(section)
    }
  }

  /// True for a name a device root can use as a folder: [a-z0-9._-], not led by a dot.
  public static func isName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard (1...BundleLimits.nameBytes).contains(bytes.count), bytes[0] != UInt8(ascii: ".") else {
      return false
    }
    return bytes.allSatisfy { byte in
      (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2e || byte == 0x5f
        || byte == 0x2d
    }
  }
}

extension CBORRecord {
  /// Text within the limit of a name.
  func short(at key: String) throws(CBORError) -> String {
    let text = try text(at: key)
    guard text.utf8.count <= BundleLimits.nameBytes else {
      throw CBORError.outOfRange(path: pathOf(key))
    }
    return text
  }

  /// A number of bytes up to a limit.
  fileprivate func size(at key: String, limit: Int) throws(CBORError) -> UInt64 {
    let size = try unsigned(at: key)
    guard size <= UInt64(limit) else { throw CBORError.outOfRange(path: pathOf(key)) }
    return size
  }
}

extension PlanEntry {
  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly([
      "name", "inputs", "outputs", "arena_bytes", "weights_bytes", "macs", "audio", "stream",
      "decision", "boxes", "roles",
    ])
    name = try record.short(at: "name")
    inputs = []
    for entry in try record.records(at: "inputs", limit: BundleLimits.entries) {
      inputs.append(try Port(entry))
      guard !entry.has("link") else { throw CBORError.unexpectedKey(path: entry.pathOf("link")) }
    }
    outputs = []
    for entry in try record.records(at: "outputs", limit: BundleLimits.entries) {
      outputs.append(try Port(entry))
      guard !entry.has("ranks") else { throw CBORError.unexpectedKey(path: entry.pathOf("ranks")) }
    }
    resources = Resources(
      arenaBytes: try record.size(at: "arena_bytes", limit: PlanLimits.bytes),
      weightsBytes: try record.size(at: "weights_bytes", limit: PlanLimits.bytes),
      multiplyAccumulates: try record.unsigned(at: "macs"))
    if record.has("stream") {
      stream = try StreamRule(try record.record(at: "stream"), inputs: inputs)
    }
    if record.has("audio") {
      audio = try AudioRule(try record.record(at: "audio"), stream: stream)
    }
    if record.has("decision") {
      decision = try DecisionRule(
        try record.record(at: "decision"), inputs: inputs, outputs: outputs)
    }
    if record.has("boxes") {
      boxes = try BoxRule(try record.record(at: "boxes"), outputs: outputs)
    }
    roles = record.has("roles") ? try DataRoles(try record.record(at: "roles")) : DataRoles()
  }
}

extension Port {
  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly([
      "name", "shape", "element", "scale", "zero_point", "user_element", "unit", "labels", "ranks",
      "link", "normalization", "units", "raw_model",
    ])
    name = try record.text(at: "name")
    shape = []
    for size in try record.ints(at: "shape", limit: 8) {
      guard (1...(1 << 26)).contains(size) else {
        throw CBORError.outOfRange(path: record.pathOf("shape"))
      }
      shape.append(UInt64(size))
    }
    element = try record.short(at: "element")
    let stated = try record.double(at: "scale")
    scale = Float(stated)
    // A scale no Float holds would be another one here than where it was signed.
    guard scale.isFinite, scale > 0, Double(scale) == stated,
      let zero = Int32(exactly: try record.int(at: "zero_point"))
    else { throw CBORError.outOfRange(path: record.pathOf("scale")) }
    zeroPoint = zero
    userElement = try record.short(at: "user_element")
    unit = try record.text(at: "unit")
    labels = try record.texts(at: "labels", limit: BundleLimits.labels)
    units = record.has("units") ? try record.texts(at: "units", limit: BundleLimits.labels) : []
    guard units.isEmpty || units.count == labels.count else {
      throw CBORError.outOfRange(path: record.pathOf("units"))
    }
    normalization =
      record.has("normalization")
      ? try Normalization(try record.record(at: "normalization"), shape: shape) : nil
    modelTakesRaw = record.has("raw_model") ? try record.bool(at: "raw_model") : false
    guard !modelTakesRaw || normalization != nil else {
      throw CBORError.unexpectedKey(path: record.pathOf("raw_model"))
    }
    ranks = []
    if record.has("ranks") {
      for column in try record.records(at: "ranks", limit: BundleLimits.labels) {
        ranks.append(try RankColumn(column, features: shape))
      }
      guard !ranks.isEmpty, element.utf8.elementsEqual("int16".utf8) else {
        throw CBORError.outOfRange(path: record.pathOf("ranks"))
      }
    }
    link = .none
    if record.has("link") {
      let name = try record.short(at: "link")
      guard let known = ScoreLink(rawValue: name), known != .none else {
        throw CBORError.outOfRange(path: record.pathOf("link"))
      }
      link = known
    }
  }
}

extension RankColumn {
  /// A column for an input of a shape.
  fileprivate init(_ record: CBORRecord, features shape: [UInt64]) throws(CBORError) {
    let isEquality = record.has("equals")
    let key = isEquality ? "equals" : "thresholds"
    try record.expectOnly(["feature", "missing", key])
    var features: UInt64 = 1
    for size in shape { features = features.multipliedReportingOverflow(by: size).partialValue }
    let bytes = try record.bytes(at: key)
    guard bytes.count % 4 == 0, bytes.count <= 4 * Self.valuesMax else {
      throw CBORError.outOfRange(path: record.pathOf(key))
    }
    var values: [Float] = []
    for start in stride(from: 0, to: bytes.count, by: 4) {
      var bits: UInt32 = 0
      for index in 0..<4 { bits |= UInt32(bytes[start + index]) << (8 * UInt32(index)) }
      values.append(Float(bitPattern: bits))
    }
    self.init(
      feature: try record.count(at: "feature", in: 0...PlanLimits.elements), values: values,
      isEquality: isEquality, missingRank: try record.count(at: "missing", in: 0...Self.valuesMax))
    guard isValid(features: Int(clamping: features)) else {
      throw CBORError.outOfRange(path: record.pathOf(key))
    }
  }
}

extension TargetCertificate {
  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly([
      "target", "target_sha256", "arena_bytes", "peak_bytes", "image_bytes",
    ])
    target = try record.short(at: "target")
    targetDigest = try record.bytes(at: "target_sha256", count: 32)
    arenaBytes = try record.unsigned(at: "arena_bytes")
    peakBytes = try record.unsigned(at: "peak_bytes")
    imageBytes = try record.unsigned(at: "image_bytes")
  }
}

extension QuantizationReport {
  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly(["method", "output_db", "layers"])
    method = try record.short(at: "method")
    outputDecibels = try record.double(at: "output_db")
    layers = []
    for layer in try record.records(at: "layers", limit: BundleLimits.layers) {
      try layer.expectOnly(["name", "operation", "sqnr_db"])
      layers.append(
        Layer(
          name: try layer.text(at: "name"), operation: try layer.short(at: "operation"),
          signalToNoiseDecibels: try layer.double(at: "sqnr_db")))
    }
  }
}

extension Provenance {
  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly(["tool", "compressor", "licence", "sources"])
    tool = try record.short(at: "tool")
    compressor = try record.short(at: "compressor")
    licence = try record.text(at: "licence")
    sources = []
    for source in try record.records(at: "sources", limit: BundleLimits.entries) {
      try source.expectOnly(["role", "sha256"])
      sources.append(
        Source(
          role: try source.short(at: "role"), digest: try source.bytes(at: "sha256", count: 32)))
    }
  }
}

extension Section {
  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly([
      "kind", "plan", "offset", "stored_bytes", "stored_sha256", "raw_bytes", "raw_sha256",
      "arrangement_bytes",
    ])
    guard let kind = Kind(rawValue: try record.short(at: "kind")) else {
      throw CBORError.outOfRange(path: record.pathOf("kind"))
    }
    self.kind = kind
    plan = try record.short(at: "plan")
    offset = try record.size(at: "offset", limit: BundleLimits.fileBytes)
    storedBytes = try record.size(at: "stored_bytes", limit: BundleLimits.sectionBytes)
    storedDigest = try record.bytes(at: "stored_sha256", count: 32)
    rawBytes = try record.size(at: "raw_bytes", limit: BundleLimits.sectionBytes)
    rawDigest = try record.bytes(at: "raw_sha256", count: 32)
    arrangementBytes = 0
    if record.has("arrangement_bytes") {
      arrangementBytes = try record.size(
        at: "arrangement_bytes", limit: BundleLimits.arrangementBytes)
      guard arrangementBytes > 0 else {
        throw CBORError.outOfRange(path: record.pathOf("arrangement_bytes"))
      }
    }
  }
}
