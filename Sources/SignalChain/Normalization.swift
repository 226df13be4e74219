/// How raw values become what a model was trained on: (x · factor − mean) / deviation, per channel.
///
/// Computed in float32, in this order, each operation rounded by itself: the same bits on every CPU.
/// Element i of an item belongs to channel i / stride mod channels, whatever the layout.
public struct Normalization: Sendable, Equatable {
  /// Most channels of one input.
  public static let channelsMax = 65_536

  /// Multiplies every raw value first, e.g. 1/255 for bytes of an image.
  public let factor: Float
  /// Subtracted, one per channel.
  public let means: [Float]
  /// Divided by, one per channel; none is zero.
  public let deviations: [Float]
  /// Elements between two neighbouring channels.
  public let stride: Int

  /// Creates a normalisation; nil where a number is not finite, a factor or deviation is zero, or the
  /// counts differ.
  public init?(factor: Float, means: [Float], deviations: [Float], stride: Int) {
    guard factor.isFinite, factor != 0, (1...Self.channelsMax).contains(means.count),
      means.count == deviations.count, means.allSatisfy({ $0.isFinite }),
      deviations.allSatisfy({ $0.isFinite && $0 != 0 }), stride > 0
    else { return nil }
    self.factor = factor
    self.means = means
    self.deviations = deviations
    self.stride = stride
  }

  /// Number of channels.
  public var channels: Int { means.count }

  /// True when an item of so many elements is whole channels.
  public func fits(elements: Int) -> Bool {
    let (period, overflows) = stride.multipliedReportingOverflow(by: channels)
    return !overflows && elements > 0 && elements % period == 0
  }

  /// The channel of an element of an item.
  public func channel(of element: Int) -> Int { element / stride % channels }

  /// The value a model sees for a raw one.
  public func apply(_ raw: Float, channel: Int) -> Float {
    (raw * factor - means[channel]) / deviations[channel]
  }
}
