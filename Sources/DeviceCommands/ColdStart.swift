import CommandLineKit
import DeviceRuntime
import PlanFormat
import System
import Wire

/// From nothing to the first result, in the process that measures.
struct BenchStart {
  /// When it began, on the monotonic clock.
  private(set) var beginning: UInt64 = 0
  /// Peak memory of the process before it read the model.
  private(set) var residentBefore: UInt64 = 0
  /// Nanoseconds of reading, verifying and packing the model.
  private(set) var load: UInt64 = 0
  /// Nanoseconds of the first run.
  private(set) var firstRun: UInt64 = 0

  /// The beginning.
  static var now: BenchStart {
    BenchStart(
      beginning: Clock.monotonicNanoseconds, residentBefore: CurrentProcess.peakResidentBytes)
  }

  /// Runs `session`, which was loaded since the beginning, for the first time.
  func firstResult(of session: Session) -> BenchStart {
    var done = self
    done.load = Clock.monotonicNanoseconds &- beginning
    Self.fill(session)
    done.firstRun = LatencySamples.time(session)
    return done
  }

  /// Inputs of seed 0: latency does not depend on values, but caches see real ones.
  private static func fill(_ session: Session) {
    var generator = SplitMix64(seed: 0)
    for position in session.plan.inputs.indices {
      let bytes = session.input(position)
      for index in 0..<bytes.count { bytes[index] = generator.byte() }
    }
  }
}

/// Cold start: this executable again, from before the process exists to its first result.
enum ColdStart {
  private static let count = 11
  /// Large models on slow CPUs: as many as fit, and one at least.
  private static let patience: UInt64 = 10_000_000_000

  /// The times of several; nil under an emulator, which cannot start itself again.
  static func measure(
    _ parsed: ParsedArguments, program: String
  ) throws(CommandFailure) -> LatencySamples? {
    guard !CurrentProcess.isEmulated else { return nil }
    let arguments = arguments(parsed, program: program)
    let begin = Clock.monotonicNanoseconds
    var times: [UInt64] = []
    repeat {
      times.append(try once(arguments))
    } while times.count < count && Clock.monotonicNanoseconds &- begin < patience
    return LatencySamples(times)
  }

  /// The same model, the same trust, the same kernels, `--once`.
  private static func arguments(_ parsed: ParsedArguments, program: String) -> [String] {
    var arguments = [program, "bench", "--once"]
    for option in ["--cpu-features", "--prefer", "--threads", "--root", "--model", "--trust"] {
      for value in parsed.values(option) { arguments += ["\(option)=\(value)"] }
    }
    if parsed.flag("--allow-development") { arguments.append("--allow-development") }
    if let bundle = parsed.positional(0) { arguments += ["--", bundle] }
    return arguments
  }

  private static func once(_ arguments: [String]) throws(CommandFailure) -> UInt64 {
    let start = Clock.monotonicNanoseconds
    let said: [UInt8]
    do throws(SystemError) {
      said = try CurrentProcess.runAgain(arguments, limit: 64)
    } catch {
      throw CommandFailure(.failed, "cold start: \(error.message)")
    }
    guard let end = UInt64(String(decoding: said.dropLast(), as: UTF8.self)), end > start else {
      throw CommandFailure(.failed, "cold start: the new process said no time")
    }
    return end &- start
  }
}
