import CommandLineKit
import DeviceRuntime
import PlanFormat
import System

/// Calls that each follow a pause.
struct Idleness {
  let nanoseconds: UInt64
  let count: Int
}

/// Times of runs.
struct LatencySamples {
  /// Nanoseconds of each run, ascending; never empty.
  let sorted: [UInt64]

  init(_ times: [UInt64]) { sorted = times.sorted() }

  var minimum: UInt64 { sorted[0] }
  var median: UInt64 { quantile(0.5) }

  func quantile(_ share: Double) -> UInt64 {
    sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
  }
}

extension LatencySamples {
  /// More would only take memory.
  private static let countMax = 2_000_000

  /// One run, timed.
  static func time(_ session: Session) -> UInt64 {
    let start = Clock.monotonicNanoseconds
    session.run()
    return Clock.monotonicNanoseconds &- start
  }

  /// The times of runs in their order, for `nanoseconds`, after a tenth of that unrecorded; one run
  /// at least.
  static func times(_ session: Session, nanoseconds: UInt64) -> [UInt64] {
    let begin = Clock.monotonicNanoseconds
    repeat { session.run() } while Clock.monotonicNanoseconds &- begin < nanoseconds / 10
    let first = Clock.monotonicNanoseconds
    var times: [UInt64] = []
    // Growing between two runs would push the model out of the caches.
    let expected = nanoseconds / max(time(session), 1) &* 2
    times.reserveCapacity(Int(min(expected, UInt64(countMax))))
    repeat {
      times.append(time(session))
    } while Clock.monotonicNanoseconds &- first < nanoseconds && times.count < countMax
    return times
  }

  /// Latency of a warm process.
  static func warm(_ session: Session, nanoseconds: UInt64) -> LatencySamples {
    LatencySamples(times(session, nanoseconds: nanoseconds))
  }

  /// First calls after idleness. A person is told how long it still takes.
  static func afterIdleness(
    _ session: Session, _ idleness: Idleness, _ console: Console
  ) -> LatencySamples {
    var times: [UInt64] = []
    for done in 0..<idleness.count {
      let left = idleness.nanoseconds * UInt64(idleness.count - done)
      console.progress("idle call \(done + 1) of \(idleness.count), \(Quantity.time(left)) left")
      Clock.sleep(nanoseconds: idleness.nanoseconds)
      times.append(time(session))
    }
    console.clearProgress()
    return LatencySamples(times)
  }

  /// The median of each layer over 101 runs.
  static func layerMedians(_ session: Session) -> [UInt64] {
    var times = [[UInt64]](repeating: [], count: session.plan.instructions.count)
    for _ in 0..<101 {
      for position in session.plan.instructions.indices {
        let start = Clock.monotonicNanoseconds
        session.run(instruction: position)
        times[position].append(Clock.monotonicNanoseconds &- start)
      }
    }
    return times.map { LatencySamples($0).median }
  }
}
