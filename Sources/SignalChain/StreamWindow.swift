/// How a model's items are cut from a stream of rows: rows [time, channels] in, one item per hop.
public struct StreamRule: Sendable, Equatable {
  /// Longest window, in rows.
  public static let rowsMax = 1 << 20

  /// Rows of an item.
  public let rows: Int
  /// Channels of a row.
  public let channels: Int
  /// Rows from one item to the next.
  public let hop: Int
  /// True where an item holds each channel's rows together, false where it holds row after row.
  public let isChannelsFirst: Bool

  /// Creates a rule; nil unless 1 ≤ hop ≤ rows ≤ 2^20 and there are 1 to 2^16 channels.
  public init?(rows: Int, channels: Int, hop: Int, isChannelsFirst: Bool) {
    guard rows >= 1, rows <= Self.rowsMax, hop >= 1, hop <= rows, channels >= 1,
      channels <= 65_536, rows <= (1 << 26) / channels
    else { return nil }
    self.rows = rows
    self.channels = channels
    self.hop = hop
    self.isChannelsFirst = isChannelsFirst
  }

  /// Elements of an item.
  public var elements: Int { rows * channels }

  /// Items in a recording of so many rows.
  public func items(in count: Int) -> Int { count < rows ? 0 : (count - rows) / hop + 1 }

  /// Where an item holds an element of one of its rows.
  public func position(row: Int, channel: Int) -> Int {
    isChannelsFirst ? channel * rows + row : row * channels + channel
  }

  /// True for the shape of a recording: (time, channels), or (time) of one channel.
  public func isRecording(_ shape: [Int]) -> Bool {
    (shape.count == 2 && shape[1] == channels) || (shape.count == 1 && channels == 1)
  }

  /// The normalisation of a row, of an item's normalisation that `allows`.
  public func rowNormalization(_ whole: Normalization) -> Normalization? {
    let order = (0..<channels).map { whole.channel(of: position(row: 0, channel: $0)) }
    return Normalization(
      factor: whole.factor, means: order.map { whole.means[$0] },
      deviations: order.map { whole.deviations[$0] }, stride: 1)
  }

  /// True where a normalisation treats all rows alike: a row can be encoded before its place in an
  /// item is known.
  public func allows(_ normalization: Normalization) -> Bool {
    let (period, overflows) = normalization.stride.multipliedReportingOverflow(
      by: normalization.channels)
    guard !overflows, elements % period == 0 else { return false }
    if normalization.channels == 1 { return true }
    return isChannelsFirst ? normalization.stride % rows == 0 : channels % period == 0
  }
}

/// The last rows of a stream, encoded. All memory is taken when it is made.
public struct StreamWindow: Sendable {
  /// The rule.
  public let rule: StreamRule
  /// Rows one after the other, the oldest at `next` once the ring is full.
  private var ring: [UInt8]
  private var next = 0
  /// Rows until an item is due.
  private var missing: Int

  /// Creates an empty window.
  public init(_ rule: StreamRule) {
    self.rule = rule
    ring = [UInt8](repeating: 0, count: rule.elements)
    missing = rule.rows
  }

  /// Takes a row.
  ///
  /// - Parameter row: one encoded byte per channel.
  /// - Returns: true when an item is due: `copy` gives it.
  public mutating func append(_ row: UnsafeRawBufferPointer) -> Bool {
    let start = next * rule.channels
    for channel in 0..<min(rule.channels, row.count) { ring[start + channel] = row[channel] }
    next = next + 1 == rule.rows ? 0 : next + 1
    missing -= 1
    guard missing == 0 else { return false }
    missing = rule.hop
    return true
  }

  /// Writes the last rows as an item, the oldest first.
  public func copy(into item: UnsafeMutableRawBufferPointer) {
    guard item.count >= rule.elements else { return }
    var source = next * rule.channels
    for row in 0..<rule.rows {
      for channel in 0..<rule.channels {
        item[rule.position(row: row, channel: channel)] = ring[source + channel]
      }
      source += rule.channels
      if source == ring.count { source = 0 }
    }
  }

  /// Forgets every row.
  public mutating func reset() {
    next = 0
    missing = rule.rows
  }
}
