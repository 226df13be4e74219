public import DriftStatistics
import System
import Wire

/// Records the inferences of one release: sampling, counting, closing windows into the spool.
///
/// An unfinished window survives the process: ``close()`` puts it in the spool's folder, and the
/// next recorder of the same release goes on with it.
public final class Recorder {
  /// The spool.
  public let spool: Spool
  private let contract: TelemetryContract
  private let release: [UInt8]
  private var accumulator: WindowAccumulator
  private var latency = LatencyHistogram()
  private var seen: UInt64 = 0
  private var start: Int64 = 0
  private var end: Int64 = 0
  private var phase: UInt64 = 0

  /// A recorder of the release named by its manifest's digest. A window left open by the same
  /// release is resumed; one of another release, or of other bins, is closed as partial.
  /// - Parameter sources: shapes of the plan's tapped tensors, in the order of `Plan.taps`.
  public init(
    contract: TelemetryContract, release: [UInt8], sources: [TapSource], spool: Spool
  ) throws(TelemetryError) {
    self.contract = contract
    self.release = release
    self.spool = spool
    do throws(TapError) {
      accumulator = try WindowAccumulator(taps: contract.taps, sources: sources)
    } catch {
      throw TelemetryError.tap(error)
    }
    try resume()
    phase = drawPhase()
  }

  /// Items counted in the open window.
  public var openItems: UInt32 { accumulator.items }

  /// Records one inference: its latency always, its taps when it is sampled. Returns true when a
  /// window was closed into the spool by it. No heap and no file except when a window closes.
  /// - Parameters:
  ///   - latencyNanoseconds: how long the inference took.
  ///   - now: seconds since 1970.
  ///   - tensor: the bytes of an entry of `Plan.taps`.
  @discardableResult
  public func record(
    latencyNanoseconds: UInt64, now: Int64,
    tensor: (_ source: Int) -> UnsafeRawBufferPointer
  ) throws(TelemetryError) -> Bool {
    let period = UInt64(max(contract.samplingPeriod, 1))
    if (seen &+ phase) % period == 0 {
      do throws(TapError) {
        try accumulator.observe(tensor)
      } catch {
        throw TelemetryError.tap(error)
      }
    }
    if seen == 0 { start = now }
    end = now
    seen &+= 1
    latency.add(nanoseconds: latencyNanoseconds)
    guard Int64(accumulator.items) >= Int64(contract.windowItems) else { return false }
    try closeWindow(partial: false)
    return true
  }

  /// Closes the open window now, marked partial; nothing when it is empty.
  public func flush() throws(TelemetryError) {
    guard seen > 0 else { return }
    try closeWindow(partial: true)
  }

  /// Keeps the open window for the next process.
  public func close() throws(TelemetryError) {
    guard seen > 0 else { return }
    let bytes = OpenWindow(content: content(partial: true), sequence: spool.nextSequence)
      .encoded()
    try system { () throws(SystemError) in
      try File.writeAtomically(windowPath, bytes, mode: 0o600)
    }
  }

  private var windowPath: String { Path.join(spool.path, "window") }

  private func content(partial: Bool) -> WindowContent {
    WindowContent(
      release: release, start: start, end: end, seen: seen,
      counts: WindowCounts(items: accumulator.items, taps: accumulator.counts),
      latency: latency, isPartial: partial)
  }

  private func closeWindow(partial: Bool) throws(TelemetryError) {
    try spool.append(content(partial: partial))
    accumulator.reset()
    latency.reset()
    seen = 0
    phase = drawPhase()
    if File.exists(windowPath) {
      try system { () throws(SystemError) in try File.remove(windowPath) }
    }
  }

  private func resume() throws(TelemetryError) {
    guard File.exists(windowPath) else { return }
    let bytes = try system { () throws(SystemError) in
      try File.read(windowPath, limit: WindowRecord.byteLimit)
    }
    let open = try OpenWindow.decode(bytes)
    guard open.sequence == spool.nextSequence else {
      try system { () throws(SystemError) in try File.remove(windowPath) }
      return
    }
    if open.content.release == release, restore(open.content.counts) {
      latency = open.content.latency
      seen = open.content.seen
      start = open.content.start
      end = open.content.end
      return
    }
    try spool.append(open.content)
    try system { () throws(SystemError) in try File.remove(windowPath) }
  }

  private func restore(_ counts: WindowCounts) -> Bool {
    do throws(TapError) {
      try accumulator.restore(items: counts.items, counts: counts.taps)
      return true
    } catch {
      return false
    }
  }

  /// Which of the first `samplingPeriod` inferences of a window is sampled: drawn from the
  /// release and the window's place in the chain, so that no period of the stream is always hit.
  private func drawPhase() -> UInt64 {
    var seed = spool.nextSequence
    for byte in release.prefix(8) { seed = seed &* 257 &+ UInt64(byte) }
    var generator = SplitMix64(seed: seed)
    return generator.below(UInt64(max(contract.samplingPeriod, 1)))
  }
}
