public import BundleFormat
public import Foundation
public import ModelCards
import Targets

/// A recipe: everything that makes a bundle, as JSON5. Paths are relative to the recipe.
public struct Recipe: Decodable, Sendable, Equatable {
  /// One model input as its users know it.
  public struct Input: Decodable, Sendable, Equatable {
    /// Name in the model file.
    public var name: String
    /// Unit of its values.
    public var unit: String?
    /// Names of its channels or features.
    public var labels: [String]?
    /// Raw unsigned bytes times this: exact 8-bit input, e.g. 0.00392156862745098.
    public var scale: Float?
    /// Raw bytes of an image to what the model was trained on: (u · scale − mean) / std per channel.
    public var normalise: Normalise?
    /// Raw features to what the model was trained on, per feature.
    public var scaling: Scaling?
  }
  /// Normalisation of an image's channels, as torchvision's ToTensor and Normalize.
  public struct Normalise: Decodable, Sendable, Equatable {
    /// Multiplies every byte first: 1/255 unless stated.
    public var scale: Float?
    /// Subtracted per channel.
    public var mean: [Float]
    /// Divides per channel.
    public var std: [Float]
    /// The axis of channels, where two axes are as long as `mean`.
    public var axis: Int?
  }
  /// Scaling of features: `mean` with `std`, as scikit-learn's StandardScaler, or `minimum` with
  /// `maximum`, as its MinMaxScaler to 0…1.
  public struct Scaling: Decodable, Sendable, Equatable {
    /// Subtracted per feature.
    public var mean: [Float]?
    /// Divides per feature.
    public var std: [Float]?
    /// Becomes 0, per feature.
    public var minimum: [Float]?
    /// Becomes 1, per feature.
    public var maximum: [Float]?
    /// The axis of features, where two axes are as long as the lists.
    public var axis: Int?
  }
  /// One model output.
  public struct Output: Decodable, Sendable, Equatable {
    /// Name in the model file.
    public var name: String
    /// Unit of its values.
    public var unit: String?
    /// Names of its classes.
    public var labels: [String]?
  }
  /// What an application wants of an output.
  public struct Decision: Decodable, Sendable, Equatable {
    /// The output; the first unless stated.
    public var output: String?
    /// Least score of a class, in the output's own units.
    public var threshold: Double?
    /// Least scores of some classes, by their labels.
    public var thresholds: [String: Double]?
    /// Labels of the classes that raise an alarm.
    public var alarm: [String]?
    /// Judges how well the output repeats an input, instead of classes.
    public var reconstruction: Reconstruction?
    /// How many alarming items make an alarm.
    public var debounce: Debounce?

    /// Creates a decision by reconstruction.
    public init(reconstruction: Reconstruction) { self.reconstruction = reconstruction }
  }
  /// How a detector's outputs become boxes.
  public struct Boxes: Decodable, Sendable, Equatable {
    /// The output of coordinates; the first unless stated.
    public var boxes: String?
    /// The output of scores; that of coordinates unless stated, behind its four coordinates then.
    public var scores: String?
    /// `corners`, `centre` or `anchors`.
    public var form: String
    /// An array (boxes, 4) of centre and size, in the order of the elements.
    public var anchors: String?
    /// What offsets and growths are divided by, one per element; 1 unless stated.
    public var scales: [Double]?
    /// True where the horizontal axis comes first; the vertical does unless stated.
    public var xFirst: Bool?
    /// True where an output holds each element of all boxes together.
    public var elementsFirst: Bool?
    /// True where the first class is the background.
    public var background: Bool?
    /// Least score of a box, in the output's own units.
    public var threshold: Double
    /// Boxes that share more than this of their union are one thing.
    public var overlap: Double
    /// Most detections of a class; 100 unless stated.
    public var perClass: Int?
    /// Most detections of an item; 100 unless stated.
    public var detections: Int?
    /// False where boxes of all classes compete, each with its best class.
    public var classWise: Bool?
  }
  /// The score of an autoencoder: mean squared error between output and input.
  public struct Reconstruction: Decodable, Sendable, Equatable {
    /// The input; the first unless stated.
    public var input: String?
    /// Share of the calibration items that raise no alarm.
    public var quantile: Double

    /// Creates one of the first input.
    public init(quantile: Double) { self.quantile = quantile }
  }
  /// `needed` of the last `of` items raise an alarm.
  public struct Debounce: Decodable, Sendable, Equatable {
    /// Alarming items.
    public var needed: Int
    /// Items looked at, at most 64.
    public var of: Int
  }
  /// Items cut from a stream of rows.
  public struct Stream: Decodable, Sendable, Equatable {
    /// Rows of an item.
    public var window: Int
    /// Rows from one item to the next; `window` unless stated.
    public var hop: Int?
    /// The axis of time, where two axes are as long as the window.
    public var axis: Int?

    /// Creates a stream.
    public init(window: Int, hop: Int? = nil, axis: Int? = nil) {
      self.window = window
      self.hop = hop
      self.axis = axis
    }
  }
  /// Sound to rows of features.
  public struct Audio: Decodable, Sendable, Equatable {
    /// Triangular bands on the mel scale.
    public struct Mel: Decodable, Sendable, Equatable {
      /// How many.
      public var bands: Int
      /// Lower edge of the first, Hz.
      public var low: Int
      /// Upper edge of the last, Hz.
      public var high: Int
    }
    /// Samples per second.
    public var rate: Int
    /// Length of a frame, ms.
    public var frameMs: Double
    /// From one frame to the next, ms.
    public var hopMs: Double
    /// Points of the Fourier transform; the least power of two of a frame unless stated.
    public var fft: Int?
    /// `hann` unless stated, `hamming` or `rectangular`.
    public var window: String?
    /// `magnitude` unless stated, or `power`.
    public var spectrum: String?
    /// Bands.
    public var mel: Mel
    /// Added to a band before its logarithm; 1e-6 unless stated. Full scale is 1.
    public var offset: Double?
    /// Cepstral coefficients, from the 0th; the logarithms themselves unless stated.
    public var mfcc: Int?
  }
  /// An input that is what an output of the run before was.
  public struct State: Decodable, Sendable, Equatable {
    /// Name of the input; without an output, of a variable tensor that a TFLite layer over sequences keeps.
    public var input: String
    /// Name of the output.
    public var output: String?
    /// What the first run reads, .npy; zeros unless stated.
    public var initial: String?
  }
  /// An input that is bound to a value.
  public struct Constant: Decodable, Sendable, Equatable {
    /// Name of the input.
    public var input: String
    /// In every element.
    public var value: Double?
    /// Instead of `value`: an array, .npy.
    public var file: String?
  }
  /// Independent test data.
  public struct Test: Decodable, Sendable, Equatable {
    /// Inputs; a table may have labels, slices and groups in columns.
    public var data: String?
    /// Labels in a file of their own.
    public var labels: String?
    /// A table whose columns are slices, one row per item, where `data` has none.
    public var slices: String?
    /// Sets a share of the calibration data aside instead, whole groups together.
    public var share: Double?
  }
  /// What columns of tables are, by their names without units. Roles that are not stated go to columns
  /// whose names say so (`label`, `target`, `class`; `slice:NAME`; `group`; `time`); the rest are
  /// features.
  public struct Columns: Decodable, Sendable, Equatable {
    /// The class or the value to predict.
    public var label: String?
    /// Columns whose values results are broken down by.
    public var slice: [String]?
    /// Rows of one value stay together.
    public var group: String?
    /// When a row was measured.
    public var time: String?
    /// Names of sound files.
    public var file: String?
    /// The features of the only input, in the model's order.
    public var features: [String]?
    /// Columns to leave out.
    public var ignore: [String]?
    /// Units of features, by name; a heading `NAME [UNIT]` says it too.
    public var units: [String: String]?
    /// The channel taken of sound that has several, from 0.
    public var channel: Int?

    /// The roles that they give.
    public var roles: DataRoles {
      var roles = DataRoles()
      roles.label = label
      roles.slices = slice ?? []
      roles.group = group
      roles.time = time
      roles.file = file
      roles.ignored = ignore ?? []
      roles.channel = channel
      return roles
    }
  }
  /// How exact the integers must be.
  public struct Quantisation: Decodable, Sendable, Equatable {
    /// Signal to noise of the outputs against the float model's on the calibration data, in dB:
    /// activations get 16 bits until it holds.
    public var sqnr: Double
  }
  /// What telemetry measures.
  public struct Telemetry: Decodable, Sendable, Equatable {
    /// Inferences per window.
    public var windowItems: Int?
    /// One inference in this many is measured.
    public var samplingPeriod: Int?
    /// False alarms per window.
    public var alarmRate: Double?
  }

  /// Model name: the key of a device root.
  public var name: String
  /// Semantic version.
  public var version: String
  /// Orders releases; higher replaces lower.
  public var sequence: UInt64
  /// Model file.
  public var model: String
  /// Calibration data.
  public var calibration: String?
  /// Rows beyond calibration for the drift reference.
  public var reference: String?
  /// Inputs, in any order.
  public var inputs: [Input]?
  /// Outputs, in any order.
  public var outputs: [Output]?
  /// What the model keeps from run to run; found by name where it is not stated, nothing where it is [].
  public var states: [State]?
  /// Inputs that are always the same.
  public var constants: [Constant]?
  /// A number per calibration item, which changes where a new recording begins.
  public var groups: String?
  /// What columns of tables are.
  public var columns: Columns?
  /// How sound becomes the rows of the stream.
  public var audio: Audio?
  /// How items are cut from a stream.
  public var stream: Stream?
  /// What is decided by an output.
  public var decision: Decision?
  /// How outputs become boxes.
  public var boxes: Boxes?
  /// How exact the integers must be.
  public var quantisation: Quantisation?
  /// Test data.
  public var test: Test?
  /// The release in service, which gates compare with.
  public var champion: Champion?
  /// Limits; where one does not hold, no bundle is made.
  public var gates: [Gate]?
  /// Targets to certify for.
  public var targets: [String]?
  /// Telemetry contract.
  public var telemetry: Telemetry?
  /// SPDX expression or sentence.
  public var licence: String?
  /// What only a person can say of the model.
  public var card: CardStatement?

  /// Reads a recipe.
  ///
  /// - Throws: `RecipeError` naming the missing, mistyped or unknown field.
  public init(json5 data: Data) throws(RecipeError) {
    if let fault = JSON5Text.fault(in: data) {
      throw RecipeError(reason: "not JSON5: \(fault)")
    }
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    do {
      self = try decoder.decode(Recipe.self, from: data)
      if let unknown = try decoder.decode(DocumentKeys.self, from: data).unknown(in: self) {
        throw RecipeError(unknown)
      }
    } catch let error as RecipeError {
      throw error
    } catch let error as DecodingError {
      throw RecipeError(error)
    } catch {
      throw RecipeError(reason: "\(error)")
    }
  }
}

/// Why a recipe cannot be read.
public struct RecipeError: Error, Equatable {
  /// What is wrong and where.
  public let reason: String
  /// A key that is none of a recipe's; empty for other faults.
  public let unknownKey: String
  /// Those that stand in its place.
  public let knownKeys: [String]

  init(reason: String) {
    self.reason = reason
    (unknownKey, knownKeys) = ("", [])
  }

  init(_ unknown: DocumentKeys.Unknown) {
    reason = "\(unknown.path) is no key of a recipe"
    (unknownKey, knownKeys) = (unknown.key, unknown.known)
  }

  init(_ error: DecodingError) {
    self.init(reason: Self.reason(error))
  }

  private static func reason(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
      "\(path(context, key)) is missing"
    case .typeMismatch(let type, let context):
      "\(path(context)) should be a \(type)"
    case .valueNotFound(_, let context):
      "\(path(context)) is null"
    case .dataCorrupted(let context):
      "not JSON5: \(context.underlyingError.map { "\($0)" } ?? context.debugDescription)"
    @unknown default:
      "\(error)"
    }
  }

  private static func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil)
    -> String
  {
    (context.codingPath + (key.map { [$0] } ?? [])).map { step in
      step.intValue.map { "[\($0)]" } ?? step.stringValue
    }.joined(separator: ".").replacingOccurrences(of: ".[", with: "[")
  }
}
