/// Why telemetry cannot be computed.
public enum TapError: Error, Equatable, Sendable {
  /// Tap `tap` names a channel its tensor does not have.
  case channelOutOfRange(tap: Int, channel: Int, channels: Int)
  /// The tensor's elements are not a whole number of positions, or too many, or none.
  case badShape(tap: Int, elements: Int, channels: Int)
  /// Tap `tap` reads a tensor that the plan does not offer.
  case noSource(tap: Int, source: Int)
  /// A tensor came with another number of elements than announced.
  case tensorSize(source: Int, expected: Int, found: Int)
  /// Counts that do not belong to this contract: numbers of taps or bins differ.
  case countsMismatch
  /// A count would pass 2³² − 1.
  case countOverflow
  /// Too few reference rows for a null distribution: `items` rows, `needed` at least.
  case tooFewReferenceItems(items: Int, needed: Int)
  /// Reference rows that are empty, ragged or not of this contract.
  case badRows

  /// One line for a person.
  public var message: String {
    switch self {
    case .channelOutOfRange(let tap, let channel, let channels):
      return "tap \(tap) reads channel \(channel) of a tensor with \(channels)"
    case .badShape(let tap, let elements, let channels):
      return "tap \(tap): \(elements) elements do not make positions of \(channels) channels"
    case .noSource(let tap, let source):
      return "tap \(tap) reads plan tap \(source), which does not exist"
    case .tensorSize(let source, let expected, let found):
      return "plan tap \(source) has \(found) elements where \(expected) were announced"
    case .countsMismatch: return "counts do not belong to this telemetry contract"
    case .countOverflow: return "a telemetry count would pass 4294967295; close the window earlier"
    case .tooFewReferenceItems(let items, let needed):
      return "\(items) reference items are too few to state a false-alarm rate: "
        + "give at least \(needed)"
    case .badRows: return "the reference rows do not belong to this telemetry contract"
    }
  }
}
