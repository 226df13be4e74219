/// q = Σ over row taps and column taps of weight · weight · x / 2^20, halves away from zero, clamped:
/// an image resampled along its height and width.
public struct ResizeParameters: Sendable, Equatable {
  /// Rows of the operand, read as [height, width, channels].
  public var height: Int
  /// Columns of the operand.
  public var width: Int
  /// Elements that are resampled alike.
  public var channels: Int
  /// Per row of the result `rowTaps` taps: u16 row of the operand, i16 weight in 2^-10.
  public var rows: ConstantReference
  /// Taps of a row.
  public var rowTaps: Int
  /// Per column of the result `columnTaps` taps.
  public var columns: ConstantReference
  /// Taps of a column.
  public var columnTaps: Int

  /// Bytes of a tap.
  public static let tapBytes = 4
  /// What the weights of a row or column sum to.
  public static let unit: Int32 = 1 << 10
  /// Bound of the sum of their magnitudes: 2^7 · 2^11 · 2^11 is below 2^31.
  public static let magnitude: Int32 = 1 << 11

  /// Creates the parameters.
  public init(
    height: Int, width: Int, channels: Int, rows: ConstantReference, rowTaps: Int,
    columns: ConstantReference, columnTaps: Int
  ) {
    self.height = height
    self.width = width
    self.channels = channels
    self.rows = rows
    self.rowTaps = rowTaps
    self.columns = columns
    self.columnTaps = columnTaps
  }

  /// Rows of the result.
  public var outputHeight: Int { rows.byteCount / (Self.tapBytes * rowTaps) }
  /// Columns of the result.
  public var outputWidth: Int { columns.byteCount / (Self.tapBytes * columnTaps) }
}

extension InstructionValidator {
  func resize(
    _ parameters: ResizeParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    let taps = 1...PlanLimits.resizeTaps
    try require(
      taps.contains(parameters.rowTaps) && taps.contains(parameters.columnTaps),
      "has no taps or too many")
    let extents = 1...(1 << 16)
    try require(
      extents.contains(parameters.height) && extents.contains(parameters.width),
      "has an empty or too large image")
    try require(
      Self.product(parameters.height, parameters.width, parameters.channels) == input.elementCount,
      "resizes another image than its operand")
    let (rows, columns) = (parameters.outputHeight, parameters.outputWidth)
    try require(
      Self.product(rows, columns, parameters.channels) == result.elementCount,
      "resizes to another size than its result's")
    try constant(
      parameters.rows, count: [rows, parameters.rowTaps], times: ResizeParameters.tapBytes)
    try constant(
      parameters.columns, count: [columns, parameters.columnTaps], times: ResizeParameters.tapBytes)
  }

  private static func product(_ a: Int, _ b: Int, _ c: Int) -> Int? {
    let (plane, overflow) = a.multipliedReportingOverflow(by: b)
    let (whole, second) = plane.multipliedReportingOverflow(by: c)
    return overflow || second ? nil : whole
  }
}

extension ResizeParameters {
  /// Whether every tap lies inside the operand and the weights of each row and column are what no
  /// accumulator overflows by.
  ///
  /// - Parameters:
  ///   - rows: the rows' constant.
  ///   - columns: the columns' constant.
  public func isSafe(rows: UnsafeRawPointer, columns: UnsafeRawPointer) -> Bool {
    Self.isSafe(rows, count: outputHeight, taps: rowTaps, extent: height)
      && Self.isSafe(columns, count: outputWidth, taps: columnTaps, extent: width)
  }

  private static func isSafe(
    _ table: UnsafeRawPointer, count: Int, taps: Int, extent: Int
  ) -> Bool {
    for position in 0..<count {
      var (sum, magnitude) = (Int32(0), Int32(0))
      for tap in 0..<taps {
        let entry = table + (position * taps + tap) * tapBytes
        let weight = Int32(
          Int16(littleEndian: entry.loadUnaligned(fromByteOffset: 2, as: Int16.self)))
        guard Int(UInt16(littleEndian: entry.loadUnaligned(as: UInt16.self))) < extent else {
          return false
        }
        sum += weight
        magnitude += abs(weight)
      }
      guard sum == unit, magnitude <= Self.magnitude else { return false }
    }
    return true
  }
}
