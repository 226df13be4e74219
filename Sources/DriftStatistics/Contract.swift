/// What telemetry measures: the taps a bundle names, with the reference their counts are held
/// against. Signed into the bundle; the same source reads it on the host and on the device.
public struct TelemetryContract: Sendable, Equatable {
  /// Inferences per window.
  public var windowItems: Int
  /// One inference in `samplingPeriod` is measured; 1 measures all.
  public var samplingPeriod: Int
  /// False alarms per window at which a verdict says "drifted", e.g. 0.001.
  public var alarmRate: Double
  /// What is measured.
  public var taps: [Tap]

  /// Creates a contract.
  public init(windowItems: Int, samplingPeriod: Int, alarmRate: Double, taps: [Tap]) {
    self.windowItems = windowItems
    self.samplingPeriod = samplingPeriod
    self.alarmRate = alarmRate
    self.taps = taps
  }
}

/// One measured quantity: an integer function of a plan tensor, binned.
public struct Tap: Sendable, Equatable {
  /// Where the tensor stands in the model.
  public enum Stage: UInt8, Sendable {
    case input = 1
    case embedding = 2
    case output = 3
  }

  /// Name a person knows, e.g. `image · mean` or `accelerometer x · mean`.
  public var name: String
  /// Unit of the displayed value, e.g. `m/s²`; empty when it has none.
  public var unit: String
  /// Stage.
  public var stage: Stage
  /// Position in `Plan.taps`: whose tensor it reads.
  public var source: Int
  /// What is computed.
  public var function: TapFunction
  /// displayed = offset + scale · integer.
  public var displayScale: Double
  /// See `displayScale`.
  public var displayOffset: Double
  /// Ascending; bin k counts values v with edges[k−1] ≤ v < edges[k]. K − 1 edges make K bins.
  public var edges: [Int32]
  /// Lowest and highest value of the reference: values beyond them count in the guards.
  public var lowest: Int32
  /// See `lowest`.
  public var highest: Int32
  /// Names of the bins of a categorical tap (classes); empty otherwise.
  public var categories: [String]

  /// Creates a tap.
  public init(
    name: String, unit: String, stage: Stage, source: Int, function: TapFunction,
    displayScale: Double, displayOffset: Double, edges: [Int32], lowest: Int32, highest: Int32,
    categories: [String]
  ) {
    self.name = name
    self.unit = unit
    self.stage = stage
    self.source = source
    self.function = function
    self.displayScale = displayScale
    self.displayOffset = displayOffset
    self.edges = edges
    self.lowest = lowest
    self.highest = highest
    self.categories = categories
  }

  /// Bins, guards apart.
  public var binCount: Int { edges.count + 1 }
}

/// Integer functions of an int8 tensor read as [positions, channels], channels last.
public enum TapFunction: Sendable, Equatable {
  /// Σ over positions of channel c.
  case sum(channel: Int)
  /// Σ |x − mean| over positions of channel c, in integers: Σ |n·x − Σx| / n, rounded down.
  case deviation(channel: Int)
  /// Σ |x[p+1] − x[p]| over neighbouring positions of channel c: texture, falls with blur.
  case roughness(channel: Int)
  /// Σ ±x over all elements, signs from a SplitMix64 stream of this seed.
  case projection(seed: UInt64)
  /// Largest minus second largest element.
  case margin
  /// Position of the largest element, the first of equals: categorical.
  case topClass
}
