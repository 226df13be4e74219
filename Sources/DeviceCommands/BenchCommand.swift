import BundleFormat
public import CommandLineKit
import DeviceRuntime
import JSON
import Kernels
import PlanFormat
import System
import Wire

/// `bench BUNDLE`: latency, arena, cold start; `--layers` names each kernel.
public enum BenchCommand {
  /// The command in an environment.
  public static func make(_ environment: CommandEnvironment) -> Command {
    let spec = CommandSpec(
      name: "bench", summary: "measure latency, memory and cold start of a bundle on this CPU",
      arguments: [ArgumentSpec("BUNDLE", "the bundle")],
      options: [
        .value("seconds", "N", "how long to measure; 2 by default"),
        .value("cpu-features", "LIST", "kernels to use, e.g. scalar"),
        .flag("layers", "one row per layer, with the kernel that served it"),
        .flag("json", "one JSON document"),
      ] + BundleLoading.options)
    return Command(spec) { (parsed, console) throws(CommandFailure) in
      let seconds = try parsed.number("--seconds") ?? 2
      guard seconds > 0, seconds <= 3600 else {
        throw CommandFailure(.usage, "--seconds wants a number above 0, at most 3600")
      }
      let start = Clock.monotonicNanoseconds
      let bundle = try BundleLoading.open(parsed.positional(0) ?? "", parsed, environment)
      let session = try BundleLoading.session(bundle, tier: try BundleLoading.tier(parsed))
      fill(session)
      session.run()
      let coldStart = Clock.monotonicNanoseconds &- start
      let measurement = Measurement(
        session: session, manifest: bundle.manifest, coldStart: coldStart,
        times: measure(session, nanoseconds: UInt64(seconds * 1e9)),
        layers: parsed.flag("--layers") ? layers(session) : [])
      if parsed.flag("--json") {
        measurement.printJSON(console)
      } else {
        measurement.printText(console)
      }
    }
  }

  /// Inputs of seed 0: latency does not depend on values, but caches see real ones.
  private static func fill(_ session: Session) {
    var generator = SplitMix64(seed: 0)
    for position in session.plan.inputs.indices {
      let bytes = session.input(position)
      for index in 0..<bytes.count { bytes[index] = generator.byte() }
    }
  }

  private static func measure(_ session: Session, nanoseconds: UInt64) -> [UInt64] {
    let begin = Clock.monotonicNanoseconds
    var times: [UInt64] = []
    repeat {
      let start = Clock.monotonicNanoseconds
      session.run()
      times.append(Clock.monotonicNanoseconds &- start)
    } while Clock.monotonicNanoseconds &- begin < nanoseconds && times.count < 10_000_000
    return times.sorted()
  }

  /// The median of each layer over 101 runs.
  private static func layers(_ session: Session) -> [UInt64] {
    var times = [[UInt64]](repeating: [], count: session.plan.instructions.count)
    for _ in 0..<101 {
      for position in session.plan.instructions.indices {
        let start = Clock.monotonicNanoseconds
        session.run(instruction: position)
        times[position].append(Clock.monotonicNanoseconds &- start)
      }
    }
    return times.map { $0.sorted()[$0.count / 2] }
  }
}

/// What `bench` measured.
private struct Measurement {
  let session: Session
  let manifest: Manifest
  let coldStart: UInt64
  /// Nanoseconds of each run, ascending.
  let times: [UInt64]
  let layers: [UInt64]

  func quantile(_ share: Double) -> UInt64 {
    times[min(Int(Double(times.count) * share), times.count - 1)]
  }

  func printText(_ console: Console) {
    console.out(
      "\(manifest.name) \(manifest.version)  \(session.tier.name) kernels, one thread, \(times.count) runs"
    )
    console.out(
      "latency  min \(Quantity.time(times[0]))  median \(Quantity.time(quantile(0.5)))  p99 \(Quantity.time(quantile(0.99)))  p99.9 \(Quantity.time(quantile(0.999)))"
    )
    console.out(
      "memory   arena \(Quantity.bytes(session.plan.arenaBytes))  resident \(Quantity.bytes(session.figures.residentBytes))"
    )
    console.out("start    \(Quantity.time(coldStart)) from file to first result, verified")
    for (position, time) in layers.enumerated() {
      let instruction = session.plan.instructions[position]
      let kernel = session.kernels[position]
      console.out("  \(Quantity.padded(Quantity.time(time), 10))  \(kernel)  \(instruction.name)")
    }
  }

  func printJSON(_ console: Console) {
    var writer = JSONWriter(indented: true)
    writer.beginObject()
    writer.member("schema", "swiftlet.bench/1")
    writer.member("model", manifest.name)
    writer.member("version", manifest.version)
    writer.member("kernels", session.tier.name)
    writer.member("runs", times.count)
    writer.member("latency_ns_min", Int(times[0]))
    writer.member("latency_ns_median", Int(quantile(0.5)))
    writer.member("latency_ns_p99", Int(quantile(0.99)))
    writer.member("latency_ns_p999", Int(quantile(0.999)))
    writer.member("cold_start_ns", Int(coldStart))
    writer.member("arena_bytes", session.plan.arenaBytes)
    writer.member("resident_bytes", session.figures.residentBytes)
    if !layers.isEmpty {
      writer.name("layers")
      writer.beginArray()
      for (position, time) in layers.enumerated() {
        let instruction = session.plan.instructions[position]
        writer.beginObject()
        writer.member("name", instruction.name)
        writer.member("kernel", session.kernels[position])
        writer.member("median_ns", Int(time))
        writer.endObject()
      }
      writer.endArray()
    }
    writer.endObject()
    console.out(writer.string)
  }
}
