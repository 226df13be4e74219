import BundleFormat
import CommandLineKit
import DeviceRuntime
import JSON
import Kernels
import PlanFormat
import System

/// What `bench` measured.
struct BenchReport {
  let session: Session
  let manifest: Manifest
  let start: BenchStart
  /// Of new processes; nil where none could be started.
  let coldStarts: LatencySamples?
  /// Peak memory of the process up to the first result: what it holds for measuring came later.
  let peakBytes: UInt64
  let latencies: LatencySamples
  let idleness: Idleness?
  let afterIdleness: LatencySamples?
  /// Median nanoseconds of each instruction; empty when not asked for.
  let layers: [UInt64]

  private let isEmulated = CurrentProcess.isEmulated

  init(
    session: Session, manifest: Manifest, start: BenchStart, coldStarts: LatencySamples?,
    peakBytes: UInt64, latencies: LatencySamples, idleness: Idleness?,
    afterIdleness: LatencySamples?, layers: [UInt64]
  ) {
    self.session = session
    self.manifest = manifest
    self.start = start
    self.coldStarts = coldStarts
    self.peakBytes = peakBytes
    self.latencies = latencies
    self.idleness = idleness
    self.afterIdleness = afterIdleness
    self.layers = layers
  }

  // MARK: Text

  func printText(_ console: Console) {
    let runs = latencies.sorted.count
    let figures = session.figures
    let threads = session.threads == 1 ? "one thread" : "\(session.threads) threads"
    let emulated = isEmulated ? ", emulated: the times say nothing of a real CPU" : ""
    console.out(
      "\(manifest.name) \(manifest.version)  \(session.tier.name) kernels, \(threads), \(runs) runs\(emulated)"
    )
    console.out(
      "latency  min \(Quantity.time(latencies.minimum))  median \(Quantity.time(latencies.median))  p99 \(Quantity.time(latencies.quantile(0.99)))  p99.9 \(Quantity.time(latencies.quantile(0.999)))"
    )
    if let idleness, let afterIdleness {
      console.out(
        "idle     \(Quantity.time(afterIdleness.median)) the first call after \(Quantity.time(idleness.nanoseconds)), median of \(idleness.count)"
      )
    }
    console.out(
      "memory   arena \(Quantity.bytes(figures.arenaBytes))  scratch \(Quantity.bytes(figures.scratchBytes))  resident \(Quantity.bytes(figures.residentBytes))  process peak \(Quantity.bytes(Int(peakBytes)))"
    )
    if let coldStarts {
      console.out(
        "start    \(Quantity.time(coldStarts.median)) from no process to first result, verified; median of \(coldStarts.sorted.count)"
      )
    } else {
      console.out(
        "start    \(Quantity.time(start.load + start.firstRun)) from file to first result, verified"
      )
    }
    for (position, time) in layers.enumerated() {
      let name = session.plan.instructions[position].name
      let column = Quantity.padded(Quantity.time(time), 10)
      console.out("  \(column)  \(session.kernels[position])  \(name)")
    }
  }

  // MARK: JSON

  func printJSON(_ console: Console) {
    var writer = JSONWriter(indented: true)
    writer.beginObject()
    writer.member("schema", "swiftlet.bench/1")
    writer.member("model", manifest.name)
    writer.member("version", manifest.version)
    writer.member("kernels", session.tier.name)
    writer.member("threads", session.threads)
    writer.member("emulated", isEmulated)
    writer.member("runs", latencies.sorted.count)
    writer.member("latency_ns_min", Int(latencies.minimum))
    writer.member("latency_ns_median", Int(latencies.median))
    writer.member("latency_ns_p99", Int(latencies.quantile(0.99)))
    writer.member("latency_ns_p999", Int(latencies.quantile(0.999)))
    if let idleness, let afterIdleness {
      writer.member("idle_ns_median", Int(afterIdleness.median))
      writer.member("idle_ns_pause", Int(idleness.nanoseconds))
      writer.member("idle_calls", idleness.count)
    }
    writer.name("cold_start_ns")
    if let coldStarts { writer.unsigned(coldStarts.median) } else { writer.null() }
    writer.member("load_ns", Int(start.load))
    writer.member("first_run_ns", Int(start.firstRun))
    writer.member("arena_bytes", session.figures.arenaBytes)
    writer.member("scratch_bytes", session.figures.scratchBytes)
    writer.member("resident_bytes", session.figures.residentBytes)
    writer.member("process_peak_bytes", Int(peakBytes))
    writeLayers(&writer)
    writer.endObject()
    console.out(writer.string)
  }

  private func writeLayers(_ writer: inout JSONWriter) {
    guard !layers.isEmpty else { return }
    writer.name("layers")
    writer.beginArray()
    for (position, time) in layers.enumerated() {
      writer.beginObject()
      writer.member("name", session.plan.instructions[position].name)
      writer.member("kernel", session.kernels[position])
      writer.member("median_ns", Int(time))
      writer.endObject()
    }
    writer.endArray()
  }
}
