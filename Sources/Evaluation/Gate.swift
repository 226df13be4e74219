public import Bundling

/// A limit that a release must keep.
public struct Gate: Sendable, Equatable {
  /// What is limited.
  public enum Quantity: Sendable, Equatable {
    /// A metric on the test data.
    case metric(Metric)
    /// Output signal to quantisation noise on the test data, dB.
    case noise
    /// Median time of a run on this host, ns.
    case latency
    /// Arena and scratch, as certified for a target, or for each; bytes.
    case arena(target: String?)
    /// The prepared image, as certified for a target, or for each; bytes.
    case image(target: String?)
    /// Everything resident while it runs, as certified for a target, or for each; bytes.
    case memory(target: String?)
    /// The bundle's file, bytes.
    case bundle

    /// The name in a recipe.
    public var name: String {
      switch self {
      case .metric(let metric): metric.rawValue
      case .noise: "sqnr"
      case .latency: "latency"
      case .arena: "arena"
      case .image: "image"
      case .memory: "memory"
      case .bundle: "bundle"
      }
    }

    /// The target it is judged for; nil for all, or where there is none.
    public var target: String? {
      switch self {
      case .arena(let target), .image(let target), .memory(let target): target
      case .metric, .noise, .latency, .bundle: nil
      }
    }
  }

  /// How it is limited.
  public enum Limit: Sendable, Equatable {
    /// At least.
    case minimum(Double)
    /// At most.
    case maximum(Double)
    /// At most so much worse than the float model.
    case drop(Double)
    /// Not worse than the champion by more than this: for metrics in their own unit, for latency and
    /// sizes as a share.
    case margin(Double)

    /// The number.
    public var value: Double {
      switch self {
      case .minimum(let value), .maximum(let value), .drop(let value), .margin(let value): value
      }
    }

    /// The key in a recipe.
    public var name: String {
      switch self {
      case .minimum: "minimum"
      case .maximum: "maximum"
      case .drop: "drop"
      case .margin: "margin"
      }
    }
  }

  /// Independent items a slice must have to be judged, where a recipe does not say.
  public static let sliceItemsDefault = 30

  /// What is limited.
  public let quantity: Quantity
  /// How.
  public let limit: Limit
  /// Independent items a slice must have to be judged; nil where slices are not.
  public let sliceItems: Int?

  /// Creates a gate.
  public init(_ quantity: Quantity, _ limit: Limit, sliceItems: Int? = nil) {
    self.quantity = quantity
    self.limit = limit
    self.sliceItems = sliceItems
  }

  /// The metric, where it is one.
  public var metric: Metric? {
    if case .metric(let metric) = quantity { metric } else { nil }
  }

  /// True where labelled test data is needed, or unlabelled for noise.
  public var needsTestData: Bool { metric != nil || quantity == .noise }

  /// True where the float model is run too.
  public var needsFloatModel: Bool {
    if case .drop = limit { true } else { quantity == .noise }
  }

  /// True where there must be a champion.
  public var needsChampion: Bool {
    if case .margin = limit { true } else { false }
  }
}

extension Gate {
  /// What a recipe can limit.
  public static let names =
    Metric.allCases.map(\.rawValue) + ["sqnr", "latency", "arena", "image", "memory", "bundle"]

  /// The gates of a recipe's entry, one per limit.
  ///
  /// - Throws: `PackError` naming what is unknown, missing, or has no meaning.
  public static func gates(_ recipe: Recipe.Gate) throws(PackError) -> [Gate] {
    let quantity = try quantity(recipe)
    func refuse(_ reason: String, hint: String? = nil) -> PackError {
      PackError(.failed, "gate \(recipe.metric): \(reason)", hint: hint)
    }
    if recipe.target != nil, !quantity.isCertified {
      throw refuse(
        "it has no target: only arena, image and memory are certified per target",
        hint: quantity == .latency ? "latency is measured on the host that packs" : nil)
    }
    let isMetric = if case .metric = quantity { true } else { false }
    guard isMetric || recipe.slices != true && recipe.sliceItems == nil else {
      throw refuse("it has no slices")
    }
    if let items = recipe.sliceItems, items < 1 { throw refuse("sliceItems is less than 1") }
    var gates: [Gate] = []
    let sliceItems =
      recipe.slices == true || recipe.sliceItems != nil
      ? recipe.sliceItems ?? sliceItemsDefault : nil
    for (amount, limit) in [
      (recipe.minimum, Limit.minimum), (recipe.maximum, Limit.maximum),
      (recipe.drop, Limit.drop), (recipe.margin, Limit.margin),
    ] as [(Recipe.Amount?, (Double) -> Limit)] {
      guard let amount else { continue }
      let gate = Gate(quantity, limit(amount.value), sliceItems: sliceItems)
      guard gate.hasMeaning else {
        throw refuse(
          "`\(gate.limit.name)` has no meaning for it", hint: "it takes \(quantity.limits)")
      }
      guard gate.accepts(amount.dimension), amount.value.isFinite else {
        throw refuse("`\(gate.limit.name)` should be \(gate.expected)")
      }
      gates.append(gate)
    }
    guard !gates.isEmpty else {
      throw refuse("it limits nothing", hint: "add \(quantity.limits)")
    }
    return gates
  }

  private static func quantity(_ recipe: Recipe.Gate) throws(PackError) -> Quantity {
    if let metric = Metric(rawValue: recipe.metric) { return .metric(metric) }
    switch recipe.metric {
    case "sqnr": return .noise
    case "latency": return .latency
    case "arena": return .arena(target: recipe.target)
    case "image": return .image(target: recipe.target)
    case "memory": return .memory(target: recipe.target)
    case "bundle": return .bundle
    default:
      throw PackError(
        .failed, "gates: nothing is called '\(recipe.metric)'",
        hint: "one of \(names.joined(separator: ", "))")
    }
  }

  private var hasMeaning: Bool {
    switch (quantity, limit) {
    case (.metric(let metric), .minimum): metric.isHigherBetter
    case (.metric(let metric), .maximum): !metric.isHigherBetter
    case (.metric, .drop), (.metric, .margin): true
    case (.noise, .minimum): true
    case (.noise, _): false
    case (.latency, .maximum), (.latency, .margin), (.bundle, .maximum), (.bundle, .margin): true
    case (.latency, _), (.bundle, _): false
    case (_, .maximum): true
    default: false
    }
  }

  /// A number without a unit is in bytes, decibels or the metric's own unit; a time has none of its own.
  private func accepts(_ dimension: Recipe.Amount.Dimension) -> Bool {
    if case .margin = limit, metric == nil { return dimension == .share || dimension == .plain }
    switch quantity {
    case .metric(let metric): return dimension == .plain || metric.isShare && dimension == .share
    case .noise: return dimension == .plain || dimension == .decibels
    case .latency: return dimension == .time
    case .arena, .image, .memory, .bundle: return dimension == .plain || dimension == .bytes
    }
  }

  private var expected: String {
    if case .margin = limit, metric == nil { return "a share, as \"10 %\"" }
    switch quantity {
    case .metric(let metric):
      return metric.isShare ? "a share, as 0.97 or \"97 %\"" : "a number in the target's unit"
    case .noise: return "decibels, as 35"
    case .latency: return "a time with its unit, as \"500 µs\""
    case .arena, .image, .memory, .bundle: return "bytes, as 65536 or \"64 KiB\""
    }
  }
}

extension Gate.Quantity {
  fileprivate var isCertified: Bool {
    switch self {
    case .arena, .image, .memory: true
    case .metric, .noise, .latency, .bundle: false
    }
  }

  fileprivate var limits: String {
    switch self {
    case .metric(let metric):
      "\(metric.isHigherBetter ? "minimum" : "maximum"), drop or margin"
    case .noise: "minimum"
    case .latency, .bundle: "maximum or margin"
    case .arena, .image, .memory: "maximum"
    }
  }
}
