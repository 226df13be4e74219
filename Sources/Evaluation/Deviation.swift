/// How far numbers are from those they should be.
public struct Deviation: Sendable, Equatable {
  /// Items seen.
  public private(set) var items = 0
  private var absolute = 0.0
  private var squared = 0.0

  /// Creates an empty count.
  public init() {}

  /// Adds one item.
  public mutating func add(_ value: Float, target: Float) {
    let difference = Double(value) - Double(target)
    items += 1
    absolute += difference.magnitude
    squared += difference * difference
  }

  /// Mean absolute error, in the target's unit; 0 for no items.
  public var meanAbsolute: Double { items == 0 ? 0 : absolute / Double(items) }

  /// Root of the mean squared error, in the target's unit; 0 for no items.
  public var rootMeanSquare: Double { items == 0 ? 0 : (squared / Double(items)).squareRoot() }
}

/// Results of the items that have one value in a column.
public struct SliceReport: Sendable, Equatable {
  /// The column.
  public var name: String
  /// The value.
  public var value: String
  /// Top-1 accuracy, of classes.
  public var accuracy = TopOne()
  /// The float model's, with a model.
  public var floatAccuracy: TopOne?
  /// Error, of numbers.
  public var deviation: Deviation?
}

/// Results by the values of columns.
struct SliceTable {
  private(set) var reports: [SliceReport] = []
  /// By column and value: the report's position.
  private var positions: [[Int]] = []
  private let codes: [[Int]]

  init(
    _ slices: [(name: String, values: [String], codes: [Int])], isRegression: Bool, hasFloat: Bool
  ) {
    codes = slices.map(\.codes)
    for slice in slices {
      var column = [Int](repeating: 0, count: slice.values.count)
      for (code, value) in slice.values.enumerated().sorted(by: { $0.element < $1.element }) {
        var report = SliceReport(name: slice.name, value: value)
        if isRegression { report.deviation = Deviation() }
        if hasFloat, !isRegression { report.floatAccuracy = TopOne() }
        column[code] = reports.count
        reports.append(report)
      }
      positions.append(column)
    }
  }

  /// Changes the report of an item in every column.
  mutating func update(_ item: Int, _ body: (inout SliceReport) -> Void) {
    for (column, codes) in codes.enumerated() { body(&reports[positions[column][codes[item]]]) }
  }

  /// The reports of values that items had.
  var seen: [SliceReport] {
    reports.filter { ($0.deviation?.items ?? $0.accuracy.items) > 0 }
  }
}
