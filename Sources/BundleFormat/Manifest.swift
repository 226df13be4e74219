public import DriftStatistics
public import PlanFormat
public import SignalChain

/// What a bundle says of itself, under its signatures. The release's identity is the SHA-256 of
/// its deterministic CBOR.
public struct Manifest: Sendable, Equatable {
  /// Newest version of this schema; older ones are read too.
  public static let schemaVersion: UInt64 = 2

  /// The oldest version that has all this manifest uses, and what it is written as: 2 came with ports
  /// wider than int8, ranks, links, units of channels, roles of columns, the signal chain, arranged
  /// sections and reports of tests.
  public var requiredSchema: UInt64 {
    let hasNewPlans = plans.contains { plan in
      plan.usesChain || (plan.inputs + plan.outputs).contains { !$0.isPlain }
    }
    let isArranged = sections.contains { $0.arrangementBytes > 0 }
    return hasNewPlans || isArranged || tests != nil ? 2 : 1
  }

  /// Model name: the key of a device root. [a-z0-9._-], 1 to 64 bytes.
  public var name: String
  /// Semantic version, for people.
  public var version: String
  /// Orders releases of a name: a device refuses a lower one.
  public var sequence: UInt64
  /// True when signed with a user's development key: devices refuse it unless told otherwise.
  public var isDevelopment: Bool
  /// What a runtime must support.
  public var requirements: Requirements
  /// Named plans, activated together. Most bundles have one, `main`.
  public var plans: [PlanEntry]
  /// Targets whose budgets hold, with the figures compared.
  public var certificates: [TargetCertificate]
  /// Quality against the float model.
  public var quantization: QuantizationReport?
  /// What telemetry measures; nil when packed without data.
  public var telemetry: TelemetryContract?
  /// What it did on test data; nil when packed without tests and gates.
  public var tests: TestReport?
  /// Where it came from.
  public var provenance: Provenance
  /// The sections, in file order.
  public var sections: [Section]

  /// Creates a manifest.
  public init(
    name: String, version: String, sequence: UInt64, isDevelopment: Bool,
    requirements: Requirements, plans: [PlanEntry], certificates: [TargetCertificate],
    quantization: QuantizationReport?, telemetry: TelemetryContract?, tests: TestReport? = nil,
    provenance: Provenance, sections: [Section]
  ) {
    self.name = name
    self.version = version
    self.sequence = sequence
    self.isDevelopment = isDevelopment
    self.requirements = requirements
    self.plans = plans
    self.certificates = certificates
    self.quantization = quantization
    self.telemetry = telemetry
    self.tests = tests
    self.provenance = provenance
    self.sections = sections
  }
}

/// Versions a device must have to run a bundle.
public struct Requirements: Sendable, Equatable {
  /// Lowest runtime version, compared as an integer.
  public var runtimeVersion: UInt64
  /// Plan format version.
  public var planVersion: UInt64

  /// Creates requirements.
  public init(runtimeVersion: UInt64, planVersion: UInt64) {
    self.runtimeVersion = runtimeVersion
    self.planVersion = planVersion
  }
}

/// One plan with its interface and its certified needs.
public struct PlanEntry: Sendable, Equatable {
  /// `main` unless the bundle has several.
  public var name: String
  /// Inputs in the model file's order.
  public var inputs: [Port]
  /// Outputs in the model file's order.
  public var outputs: [Port]
  /// What it needs at run time.
  public var resources: Resources
  /// How sound becomes the rows of that stream; nil where rows come as they are.
  public var audio: AudioRule?
  /// How items of the only input are cut from a stream; nil where they come one by one.
  public var stream: StreamRule?
  /// What is decided by an output; nil where callers get outputs only.
  public var decision: DecisionRule?
  /// How outputs become boxes; nil for models that find none.
  public var boxes: BoxRule?
  /// What the columns of its data are.
  public var roles: DataRoles

  /// Creates an entry.
  public init(
    name: String, inputs: [Port], outputs: [Port], resources: Resources,
    audio: AudioRule? = nil, stream: StreamRule? = nil, decision: DecisionRule? = nil,
    boxes: BoxRule? = nil, roles: DataRoles = DataRoles()
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.resources = resources
    self.audio = audio
    self.stream = stream
    self.decision = decision
    self.boxes = boxes
    self.roles = roles
  }
}

/// An input or output as its users know it: the model file's name, shape and layout.
public struct Port: Sendable, Equatable {
  /// Name in the model file.
  public var name: String
  /// Shape in the model file with the batch axis bound to 1.
  public var shape: [UInt64]
  /// Encoding of the integers: real = (q − zeroPoint) · scale, element type `int8`, `int16`,
  /// `int32`, `int64`.
  public var element: String
  /// See `element`.
  public var scale: Float
  /// See `element`.
  public var zeroPoint: Int32
  /// Element type a user supplies or gets: `float32` or the integer type itself.
  public var userElement: String
  /// Unit of the values, empty if none.
  public var unit: String
  /// Names: of classes on an output, of channels on an input; may be empty.
  public var labels: [String]
  /// Units of those channels, one per label; empty where they have none, or `unit` is everyone's.
  public var units: [String]
  /// What happens to raw values before they are encoded: user values are raw then.
  public var normalization: Normalization?
  /// True where the model file takes raw values, and normalising them only gives each channel a step
  /// of its own.
  public var modelTakesRaw: Bool
  /// How floats become the ranks that the integers of an input of trees are; else empty.
  public var ranks: [RankColumn]
  /// What turns the sums of an output into scores.
  public var link: ScoreLink

  /// Whether schema 1 can state it.
  public var isPlain: Bool {
    element.utf8.elementsEqual("int8".utf8) && ranks.isEmpty && link == .none
      && units.isEmpty
  }

  /// Creates a port.
  public init(
    name: String, shape: [UInt64], element: String, scale: Float, zeroPoint: Int32,
    userElement: String, unit: String, labels: [String], ranks: [RankColumn] = [],
    link: ScoreLink = .none, normalization: Normalization? = nil,
    modelTakesRaw: Bool = false, units: [String] = []
  ) {
    self.name = name
    self.shape = shape
    self.element = element
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.userElement = userElement
    self.unit = unit
    self.labels = labels
    self.units = units
    self.normalization = normalization
    self.modelTakesRaw = modelTakesRaw
    self.ranks = ranks
    self.link = link
  }
}

/// Needs of a plan, equal on every CPU but for the prepared image, which is stated per target.
public struct Resources: Sendable, Equatable {
  /// Bytes of activations.
  public var arenaBytes: UInt64
  /// Bytes of constants.
  public var weightsBytes: UInt64
  /// Multiply-accumulates per inference.
  public var multiplyAccumulates: UInt64

  /// Creates resources.
  public init(arenaBytes: UInt64, weightsBytes: UInt64, multiplyAccumulates: UInt64) {
    self.arenaBytes = arenaBytes
    self.weightsBytes = weightsBytes
    self.multiplyAccumulates = multiplyAccumulates
  }
}

/// The proof that a bundle fits a target's budgets. All figures in bytes.
public struct TargetCertificate: Sendable, Equatable {
  /// Name of the file in `targets/`.
  public var target: String
  /// SHA-256 of that file.
  public var targetDigest: [UInt8]
  /// Arena plus kernel scratch.
  public var arenaBytes: UInt64
  /// Arena, scratch, prepared image and session tables.
  public var peakBytes: UInt64
  /// Prepared image, as stored on the device.
  public var imageBytes: UInt64

  /// Creates a certificate.
  public init(
    target: String, targetDigest: [UInt8], arenaBytes: UInt64, peakBytes: UInt64,
    imageBytes: UInt64
  ) {
    self.target = target
    self.targetDigest = targetDigest
    self.arenaBytes = arenaBytes
    self.peakBytes = peakBytes
    self.imageBytes = imageBytes
  }
}

/// What quantising cost.
public struct QuantizationReport: Sendable, Equatable {
  /// One layer: how far its integers are from the float model's values.
  public struct Layer: Sendable, Equatable {
    /// Node name.
    public var name: String
    /// Operator.
    public var operation: String
    /// 10·log10(signal / noise) of its output, in decibels, on calibration data.
    public var signalToNoiseDecibels: Double

    /// Creates a row.
    public init(name: String, operation: String, signalToNoiseDecibels: Double) {
      self.name = name
      self.operation = operation
      self.signalToNoiseDecibels = signalToNoiseDecibels
    }
  }
  /// In words, `mse, gptq, equalised`; `imported` for a model that came quantised. `pack --base` reads
  /// them again.
  public var method: String
  /// Output signal to quantisation noise on calibration data, decibels.
  public var outputDecibels: Double
  /// Every layer in order.
  public var layers: [Layer]

  /// Creates a report.
  public init(method: String, outputDecibels: Double, layers: [Layer]) {
    self.method = method
    self.outputDecibels = outputDecibels
    self.layers = layers
  }
}

/// Digests of what a bundle was made from. No paths, no times: the same inputs give the same bytes.
public struct Provenance: Sendable, Equatable {
  /// A named input file.
  public struct Source: Sendable, Equatable {
    /// `model`, `calibration`, `reference`, `recipe`, …
    public var role: String
    /// SHA-256 of its bytes.
    public var digest: [UInt8]

    /// Creates a source.
    public init(role: String, digest: [UInt8]) {
      self.role = role
      self.digest = digest
    }
  }
  /// `swiftlet 0.1.0`.
  public var tool: String
  /// libzstd that compressed the sections.
  public var compressor: String
  /// Input files.
  public var sources: [Source]
  /// SPDX expression or a sentence; empty when unknown.
  public var licence: String

  /// Creates provenance.
  public init(tool: String, compressor: String, sources: [Source], licence: String) {
    self.tool = tool
    self.compressor = compressor
    self.sources = sources
    self.licence = licence
  }
}

/// A compressed section: a zstd frame at a 64-byte aligned offset of the file.
public struct Section: Sendable, Equatable {
  /// What a section holds.
  public enum Kind: String, Sendable, CaseIterable {
    case plan, weights, golden, reference, card, licences
  }
  /// Kind.
  public var kind: Kind
  /// The plan it belongs to, or empty.
  public var plan: String
  /// Offset from the start of the sections area, a multiple of 64.
  public var offset: UInt64
  /// Bytes in the file.
  public var storedBytes: UInt64
  /// SHA-256 of those, checked before decompression.
  public var storedDigest: [UInt8]
  /// Bytes decompressed.
  public var rawBytes: UInt64
  /// SHA-256 of those, checked after; deltas and the store use it.
  public var rawDigest: [UInt8]
  /// Bytes after the raw ones in the frame that say how those were arranged; 0 for not at all.
  public var arrangementBytes: UInt64

  /// Creates a section record.
  public init(
    kind: Kind, plan: String, offset: UInt64, storedBytes: UInt64, storedDigest: [UInt8],
    rawBytes: UInt64, rawDigest: [UInt8], arrangementBytes: UInt64 = 0
  ) {
    self.kind = kind
    self.plan = plan
    self.offset = offset
    self.storedBytes = storedBytes
    self.storedDigest = storedDigest
    self.rawBytes = rawBytes
    self.rawDigest = rawDigest
    self.arrangementBytes = arrangementBytes
  }
}
