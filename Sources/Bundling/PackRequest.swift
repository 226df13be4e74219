public import Arrays
public import BundleFormat
public import ModelCards
public import Targets

/// A file that goes into a bundle, with its bytes: they are digested for provenance.
public struct SourceFile: Sendable {
  /// `model`, `calibration`, `reference`, `recipe`.
  public var role: String
  /// Content.
  public var bytes: [UInt8]

  /// Creates a source.
  public init(role: String, bytes: [UInt8]) {
    self.role = role
    self.bytes = bytes
  }
}

/// What a model input or output is called, by its name in the model file.
public struct NamedPort: Sendable {
  /// Name in the model file.
  public var name: String
  /// Unit and labels.
  public var naming: PortNaming
  /// Scale of raw bytes, for inputs.
  public var rawScale: Float?
  /// How its raw values are normalised, for inputs.
  public var preparation: InputPreparation?

  /// Creates a description.
  public init(
    name: String, naming: PortNaming, rawScale: Float? = nil,
    preparation: InputPreparation? = nil
  ) {
    self.name = name
    self.naming = naming
    self.rawScale = rawScale
    self.preparation = preparation
  }
}

/// Everything `pack` works from, read into memory: no path and no clock reaches a bundle.
public struct PackRequest: Sendable {
  /// Model name.
  public var name: String
  /// Semantic version.
  public var version: String
  /// Orders releases.
  public var sequence: UInt64
  /// The model file.
  public var model: [UInt8]
  /// Calibration data, one file per input or one for all; empty for a model that comes quantised.
  public var calibrationFiles: [DataFile] = []
  /// What the model keeps from run to run, and inputs that are constants.
  public var reading = ModelReading()
  /// A number per calibration item: where it changes, what the model keeps starts anew. Empty takes
  /// the data's own groups.
  public var calibrationGroups: [Int64] = []
  /// Rows for the drift reference; empty takes the calibration rows.
  public var referenceFiles: [DataFile] = []
  /// What columns of tables are.
  public var roles = DataRoles()
  /// Names of the only input's features, in its order; empty where data or ports name them.
  public var features: [String] = []
  /// Units of features, by their names.
  public var units: [String: String] = [:]
  /// How sound becomes the rows of the stream.
  public var audio: Recipe.Audio?
  /// How items are cut from a stream.
  public var stream: Recipe.Stream?
  /// What is decided by an output.
  public var decision: Recipe.Decision?
  /// How outputs become boxes.
  public var boxes: Recipe.Boxes?
  /// The anchors of boxes.
  public var anchors: NumericArray?
  /// Names of inputs and outputs.
  public var ports: [NamedPort] = []
  /// Raw byte scale for inputs not named in `ports`.
  public var rawScale: Float?
  /// How near the integers' outputs must be to the float model's on the calibration data, in dB of
  /// signal to noise: activations get 16 bits until they are. Nil is content with 8 bits.
  public var signalToNoiseTarget: Double?
  /// Targets to certify for.
  public var targets: [Target] = []
  /// Inferences per window; nil chooses by the size of the reference.
  public var windowItems: Int?
  /// One inference in this many is measured.
  public var samplingPeriod = 1
  /// False alarms per window.
  public var alarmRate = 0.001
  /// Share of the calibration items that is set aside to test with, whole groups together.
  public var testShare: Double?
  /// The release whose integers the new one follows where they fit.
  public var base: QuantizedRelease?
  /// Licence of the model.
  public var licence = ""
  /// What only a person can say of the model.
  public var card = CardStatement()
  /// Files digested for provenance.
  public var sources: [SourceFile] = []
  /// Tool name and version, for provenance.
  public var tool: String
  /// True when signed with a development key.
  public var isDevelopment = false

  /// Creates a request with defaults for all else.
  public init(name: String, version: String, sequence: UInt64, model: [UInt8], tool: String) {
    self.name = name
    self.version = version
    self.sequence = sequence
    self.model = model
    self.tool = tool
  }

  /// The calibration data, where it is arrays, one per input.
  public var calibration: [NumericArray] {
    get {
      calibrationFiles.compactMap { if case .array(let array) = $0 { array } else { nil } }
    }
    set { calibrationFiles = newValue.map { .array($0) } }
  }
}
