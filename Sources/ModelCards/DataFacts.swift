/// What is known of data that a bundle was made from or judged by. No value of it is kept.
public struct DataFacts: Sendable, Equatable {
  /// How the values of a feature, or of a whole input, are spread.
  public struct Spread: Sendable, Equatable {
    /// Input or feature.
    public var name: String
    /// Smallest value, as the model's users know it.
    public var minimum: Double
    /// Arithmetic mean.
    public var mean: Double
    /// Standard deviation of the population.
    public var deviation: Double
    /// Largest value.
    public var maximum: Double
    /// Values that are missing: NaN.
    public var missing: UInt64

    /// Creates a spread.
    public init(
      name: String, minimum: Double, mean: Double, deviation: Double, maximum: Double,
      missing: UInt64 = 0
    ) {
      self.name = name
      self.minimum = minimum
      self.mean = mean
      self.deviation = deviation
      self.maximum = maximum
      self.missing = missing
    }
  }

  /// `calibration`, `reference` or `test`, as the sources of a bundle's provenance.
  public var role: String
  /// Items of the model.
  public var items: UInt64
  /// Recordings or other groups that stay together; nil where the data does not say.
  public var groups: UInt64?
  /// Items per class of the first scores; empty where classes are not known.
  public var classes: [UInt64]
  /// One per named feature, or per input.
  public var spreads: [Spread]

  /// Creates facts.
  public init(
    role: String, items: UInt64, groups: UInt64? = nil, classes: [UInt64] = [],
    spreads: [Spread] = []
  ) {
    self.role = role
    self.items = items
    self.groups = groups
    self.classes = classes
    self.spreads = spreads
  }
}
