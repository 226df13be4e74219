import CBOR

/// What a bundle did on independent test data before it was sealed, and the gates it passed.
///
/// Nothing that depends on the host that packed is in it: of latency and the bundle's own size only
/// the limits are stated.
public struct TestReport: Sendable, Equatable {
  /// One measured number.
  public struct Figure: Sendable, Equatable {
    /// `accuracy`, `mae`, `sqnr`…
    public var metric: String
    /// The column and the value that the items of a slice have; nil for all items.
    public var slice: Slice?
    /// Items measured.
    public var items: UInt64
    /// The bundle's value, in the metric's own unit: shares of 1, the target's unit, decibels.
    public var value: Double
    /// 95 % interval; nil where none is known.
    public var interval: ClosedRange<Double>?
    /// The float model's value on the same items; nil where it was not run.
    public var floatValue: Double?

    /// Creates a figure.
    public init(
      metric: String, slice: Slice? = nil, items: UInt64, value: Double,
      interval: ClosedRange<Double>? = nil, floatValue: Double? = nil
    ) {
      self.metric = metric
      self.slice = slice
      self.items = items
      self.value = value
      self.interval = interval
      self.floatValue = floatValue
    }
  }
  /// Items that have one value in a column.
  public struct Slice: Sendable, Equatable {
    /// The column.
    public var column: String
    /// The value.
    public var value: String

    /// Creates a slice.
    public init(column: String, value: String) {
      self.column = column
      self.value = value
    }
  }
  /// A limit that held.
  public struct Gate: Sendable, Equatable {
    /// What is limited: a metric of `Figure`, `latency`, `arena`, `bundle`…
    public var quantity: String
    /// `minimum`, `maximum`, `drop` from the float model, `margin` behind the champion.
    public var kind: String
    /// In the quantity's unit: nanoseconds, bytes, or the metric's.
    public var limit: Double
    /// The target whose certificate was judged; empty for none.
    public var target: String
    /// Items a slice must have to be judged; nil where slices were not.
    public var sliceItems: UInt64?

    /// Creates a gate.
    public init(
      quantity: String, kind: String, limit: Double, target: String = "", sliceItems: UInt64? = nil
    ) {
      self.quantity = quantity
      self.kind = kind
      self.limit = limit
      self.target = target
      self.sliceItems = sliceItems
    }
  }

  /// Test items; 0 where gates needed none.
  public var items: UInt64
  /// Numbers, those of all items first.
  public var figures: [Figure]
  /// Limits that held.
  public var gates: [Gate]

  /// Creates a report.
  public init(items: UInt64, figures: [Figure], gates: [Gate]) {
    self.items = items
    self.figures = figures
    self.gates = gates
  }
}

extension TestReport {
  func cbor() -> CBORValue {
    .map([
      "items": .unsigned(items),
      "figures": .array(figures.map { $0.cbor() }),
      "gates": .array(gates.map { $0.cbor() }),
    ])
  }

  init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly(["items", "figures", "gates"])
    items = try record.unsigned(at: "items")
    figures = []
    for entry in try record.records(at: "figures", limit: BundleLimits.figures) {
      figures.append(try Figure(entry))
    }
    gates = []
    for entry in try record.records(at: "gates", limit: BundleLimits.figures) {
      gates.append(try Gate(entry))
    }
  }
}

extension TestReport.Figure {
  fileprivate func cbor() -> CBORValue {
    var map: CBORMap = [
      "metric": .text(metric), "items": .unsigned(items), "value": .float64(value),
    ]
    if let slice {
      map[.text("column")] = .text(slice.column)
      map[.text("slice")] = .text(slice.value)
    }
    if let interval {
      map[.text("low")] = .float64(interval.lowerBound)
      map[.text("high")] = .float64(interval.upperBound)
    }
    if let floatValue { map[.text("float")] = .float64(floatValue) }
    return .map(map)
  }

  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly([
      "metric", "items", "value", "column", "slice", "low", "high", "float",
    ])
    metric = try record.short(at: "metric")
    items = try record.unsigned(at: "items")
    value = try record.finite(at: "value")
    if record.has("column") || record.has("slice") {
      slice = TestReport.Slice(
        column: try record.text(at: "column"), value: try record.text(at: "slice"))
    }
    if record.has("low") || record.has("high") {
      let (low, high) = (try record.finite(at: "low"), try record.finite(at: "high"))
      guard low <= high else { throw CBORError.outOfRange(path: record.pathOf("high")) }
      interval = low...high
    }
    if record.has("float") { floatValue = try record.finite(at: "float") }
  }
}

extension TestReport.Gate {
  fileprivate func cbor() -> CBORValue {
    var map: CBORMap = [
      "quantity": .text(quantity), "kind": .text(kind), "limit": .float64(limit),
    ]
    if !target.utf8.isEmpty { map[.text("target")] = .text(target) }
    if let sliceItems { map[.text("slice_items")] = .unsigned(sliceItems) }
    return .map(map)
  }

  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly(["quantity", "kind", "limit", "target", "slice_items"])
    quantity = try record.short(at: "quantity")
    kind = try record.short(at: "kind")
    limit = try record.finite(at: "limit")
    target = record.has("target") ? try record.short(at: "target") : ""
    sliceItems = record.has("slice_items") ? try record.unsigned(at: "slice_items") : nil
  }
}

extension CBORRecord {
  /// A number that is one.
  fileprivate func finite(at key: String) throws(CBORError) -> Double {
    let number = try double(at: key)
    guard number.isFinite else { throw CBORError.outOfRange(path: pathOf(key)) }
    return number
  }
}
