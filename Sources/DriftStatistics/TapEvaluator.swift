import Wire

/// Computes one tap of one inference, in integers only; no heap and no floating point in
/// ``evaluate(_:)``.
public struct TapEvaluator: Sendable {
  /// What is computed.
  public let function: TapFunction
  /// Elements of the tensor.
  public let elements: Int
  /// Channels of the tensor, its last axis.
  public let channels: Int
  /// Signs of a projection: bit i set means −; drawn at creation.
  private let signs: [UInt64]

  /// The most elements a tapped tensor may have: with it every sum fits 64 bits.
  public static let elementLimit = 1 << 24
  /// The same of 16-bit elements.
  public static let wideElementLimit = 1 << 20

  /// Prepares `function` for tensors of `elements` values in rows of `channels`; `tap` names it
  /// in errors.
  public init(
    _ function: TapFunction, elements: Int, channels: Int, tap: Int = 0
  ) throws(TapError) {
    guard elements > 0, elements <= Self.elementLimit, channels > 0,
      elements.isMultiple(of: channels)
    else { throw TapError.badShape(tap: tap, elements: elements, channels: channels) }
    switch function {
    case .sum(let channel), .deviation(let channel), .roughness(let channel):
      guard channel >= 0, channel < channels else {
        throw TapError.channelOutOfRange(tap: tap, channel: channel, channels: channels)
      }
    case .projection, .margin, .topClass: break
    }
    self.function = function
    self.elements = elements
    self.channels = channels
    var signs: [UInt64] = []
    if case .projection(let seed) = function {
      var generator = SplitMix64(seed: seed)
      for _ in 0..<((elements + 63) / 64) { signs.append(generator.next()) }
    }
    self.signs = signs
  }

  /// The value for the bytes of a tensor of int8, or of int16 where its source is wide.
  public func evaluate(_ bytes: UnsafeRawBufferPointer, isWide: Bool) -> Int32 {
    isWide
      ? evaluate(bytes.assumingMemoryBound(to: Int16.self))
      : evaluate(bytes.assumingMemoryBound(to: Int8.self))
  }

  /// The value for `tensor`, [positions, channels]; saturated to 32 bits. A tensor of another
  /// size than announced gives 0: ``WindowAccumulator`` refuses it before.
  public func evaluate<Element: FixedWidthInteger>(
    _ tensor: UnsafeBufferPointer<Element>
  ) -> Int32 {
    guard tensor.count == elements else { return 0 }
    switch function {
    case .sum(let channel): return Int32(clamping: sum(tensor, channel))
    case .deviation(let channel): return Int32(clamping: deviation(tensor, channel))
    case .roughness(let channel): return Int32(clamping: roughness(tensor, channel))
    case .projection: return Int32(clamping: projection(tensor))
    case .margin: return margin(tensor)
    case .topClass: return topClass(tensor)
    }
  }

  private func sum<Element: FixedWidthInteger>(
    _ tensor: UnsafeBufferPointer<Element>, _ channel: Int
  ) -> Int64 {
    var total: Int64 = 0
    var index = channel
    while index < elements {
      total += Int64(tensor[index])
      index += channels
    }
    return total
  }

  /// Σ |n·x − Σx| / n. With n ≤ 2²⁴, or 2²⁰ wide ones, the sum stays below 2⁵⁷.
  private func deviation<Element: FixedWidthInteger>(
    _ tensor: UnsafeBufferPointer<Element>, _ channel: Int
  ) -> Int64 {
    let positions = Int64(elements / channels)
    let total = sum(tensor, channel)
    var spread: Int64 = 0
    var index = channel
    while index < elements {
      let distance = positions * Int64(tensor[index]) - total
      spread += distance < 0 ? -distance : distance
      index += channels
    }
    return spread / positions
  }

  private func roughness<Element: FixedWidthInteger>(
    _ tensor: UnsafeBufferPointer<Element>, _ channel: Int
  ) -> Int64 {
    var total: Int64 = 0
    var index = channel + channels
    while index < elements {
      let step = Int64(tensor[index]) - Int64(tensor[index - channels])
      total += step < 0 ? -step : step
      index += channels
    }
    return total
  }

  private func projection<Element: FixedWidthInteger>(
    _ tensor: UnsafeBufferPointer<Element>
  ) -> Int64 {
    var total: Int64 = 0
    for index in 0..<elements {
      let negative = (signs[index >> 6] >> UInt64(index & 63)) & 1 == 1
      let value = Int64(tensor[index])
      total += negative ? -value : value
    }
    return total
  }

  private func margin<Element: FixedWidthInteger>(
    _ tensor: UnsafeBufferPointer<Element>
  ) -> Int32 {
    guard elements > 1 else { return 0 }
    var largest = Int32(Element.min)
    var second = Int32(Element.min)
    for element in tensor {
      let value = Int32(element)
      if value > largest {
        second = largest
        largest = value
      } else if value > second {
        second = value
      }
    }
    return largest - second
  }

  private func topClass<Element: FixedWidthInteger>(
    _ tensor: UnsafeBufferPointer<Element>
  ) -> Int32 {
    var best = 0
    for index in 1..<max(elements, 1) where tensor[index] > tensor[best] { best = index }
    return Int32(best)
  }
}

extension Tap {
  /// The bin of `value`: the number of edges at or below it.
  public func binIndex(_ value: Int32) -> Int {
    var low = 0
    var high = edges.count
    while low < high {
      let middle = (low + high) / 2
      if edges[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Edges that give `bins` bins about equal shares of `values`: the values at ranks
  /// ⌈k·N/bins⌉ (k = 1 ..< bins), each once and above the smallest value. Fewer bins when values
  /// repeat, never an empty one.
  public static func quantileEdges(_ values: [Int32], bins: Int) -> [Int32] {
    guard bins > 1, values.count > 1 else { return [] }
    let sorted = values.sorted()
    var edges: [Int32] = []
    for part in 1..<bins {
      let rank = min((part * sorted.count + bins - 1) / bins, sorted.count - 1)
      let edge = sorted[rank]
      if edge > (edges.last ?? sorted[0]) { edges.append(edge) }
    }
    return edges
  }
}
