public import DeviceRuntime
import Kernels
import System

/// Times of runs on this host; of two models in turns, so that whatever slows the host slows both.
public struct LatencyMeasurement: Sendable {
  private static let roundsMin = 11
  private static let roundsMax = 2001

  /// Times of the model, ns, in order.
  public let times: [UInt64]
  /// Times of the other, run beside it; empty for none.
  public let otherTimes: [UInt64]
  /// The kernels that ran.
  public let kernels: String

  /// Runs for about `seconds`, in at least 11 rounds; which model is first alternates.
  public init(_ session: Session, beside other: Session? = nil, seconds: Double = 1) {
    let limit = UInt64(seconds * 1e9)
    var (times, otherTimes): ([UInt64], [UInt64]) = ([], [])
    times.reserveCapacity(Self.roundsMax)
    otherTimes.reserveCapacity(Self.roundsMax)
    for model in [session, other].compactMap({ $0 }) { model.run() }
    let begin = Clock.monotonicNanoseconds
    repeat {
      let isFirst = times.count % 2 == 0
      if isFirst { times.append(Self.time(session)) }
      if let other { otherTimes.append(Self.time(other)) }
      if !isFirst { times.append(Self.time(session)) }
    } while times.count < Self.roundsMin
      || times.count < Self.roundsMax && Clock.monotonicNanoseconds &- begin < limit
    self.times = times
    self.otherTimes = otherTimes
    kernels = session.tier.name
  }

  private static func time(_ session: Session) -> UInt64 {
    let start = Clock.monotonicNanoseconds
    session.run()
    return Clock.monotonicNanoseconds &- start
  }

  /// Median of the model's times, ns.
  public var median: Double { Self.median(times.map { Double($0) }) }

  /// Median of the other's times, ns; nil for none.
  public var otherMedian: Double? {
    otherTimes.isEmpty ? nil : Self.median(otherTimes.map { Double($0) })
  }

  /// Median of the rounds' ratios, model / other; nil for one model.
  public var ratio: Double? { otherTimes.isEmpty ? nil : Self.median(ratios) }

  /// 95 % interval of that median by order statistics, which assumes no distribution of times (Conover
  /// 1999, section 3.2).
  public var ratioInterval: ClosedRange<Double>? {
    guard !otherTimes.isEmpty else { return nil }
    let sorted = ratios.sorted()
    let count = Double(sorted.count)
    let reach = 1.959963984540054 * count.squareRoot() / 2
    let low = max(Int((count / 2 - reach).rounded(.down)) - 1, 0)
    return sorted[low]...sorted[sorted.count - 1 - low]
  }

  private var ratios: [Double] {
    zip(times, otherTimes).map { Double(max($0, 1)) / Double(max($1, 1)) }
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
