import CommandLineKit
import DeviceRuntime
import JSON
import Kernels
import System

/// `bench --harness`: measures whenever it is told to, so that a harness can visit several engines
/// in turn and a machine's noise meets them all alike. Each answer is one line of JSON: to a number,
/// the times of runs for that many milliseconds; to `idle` and a number, the time of the first run after
/// sleeping for so long.
struct BenchHarness {
  let session: Session
  let start: BenchStart

  /// Serves until the input ends.
  func serve(_ console: Console) {
    ready(console)
    var lines = InputLines(limit: 64)
    while let line = lines.next() {
      var writer = JSONWriter()
      writer.beginObject()
      if let times = measure(line) {
        writer.name("ns")
        writer.beginArray()
        for time in times { writer.unsigned(time) }
        writer.endArray()
      } else {
        writer.member("error", "not a number of milliseconds: \(line)")
      }
      writer.member("rss_kb", Int(CurrentProcess.peakResidentBytes / 1024))
      writer.endObject()
      console.out(writer.string)
    }
  }

  /// What a line asks for; nil when it asks for nothing known.
  private func measure(_ line: String) -> [UInt64]? {
    let idle = "idle "
    let isIdle = line.utf8.starts(with: idle.utf8)
    let number =
      isIdle ? String(decoding: line.utf8.dropFirst(idle.utf8.count), as: UTF8.self) : line
    guard let milliseconds = Number.double(number), milliseconds >= 0, milliseconds <= 3_600_000
    else { return nil }
    let nanoseconds = UInt64(milliseconds * 1e6)
    guard isIdle else { return LatencySamples.times(session, nanoseconds: nanoseconds) }
    Clock.sleep(nanoseconds: nanoseconds)
    return [LatencySamples.time(session)]
  }

  private func ready(_ console: Console) {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("load_ms", Double(start.load) / 1e6)
    writer.member("first_ms", Double(start.firstRun) / 1e6)
    writer.member("rss_kb", Int(CurrentProcess.peakResidentBytes / 1024))
    writer.member("rss_base_kb", Int(start.residentBefore / 1024))
    writer.member("kernels", session.tier.name)
    writer.member("emulated", CurrentProcess.isEmulated)
    writer.endObject()
    console.out(writer.string)
  }
}
