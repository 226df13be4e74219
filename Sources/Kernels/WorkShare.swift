/// One thread's part of a layer. Layers are cut by output rows (or elements), so that every output is
/// computed by one thread in the order of a single one: the bits do not depend on the threads.
public struct WorkShare: Sendable {
  let part: Int
  let parts: Int
  /// Where this thread's scratch begins.
  let scratchOffset: Int

  /// - Parameters:
  ///   - part: which one, from 0.
  ///   - parts: how many threads share the layer.
  ///   - scratchBytes: what each of them has.
  public init(part: Int, of parts: Int, scratchBytes: Int) {
    self.part = part
    self.parts = parts
    scratchOffset = part &* scratchBytes
  }

  /// All of it.
  public static let whole = WorkShare(part: 0, of: 1, scratchBytes: 0)

  /// The first of several threads: it does what is not worth sharing.
  @inline(__always)
  var isFirst: Bool { part == 0 }

  /// This thread's part of 0 ..< count, beginning at a multiple of `step`.
  @inline(__always)
  func range(_ count: Int, step: Int = 1) -> Range<Int> {
    if parts == 1 { return 0..<count }
    let steps = (count &+ step &- 1) / step
    let begin = Swift.min(steps &* part / parts &* step, count)
    return begin..<Swift.min(steps &* (part &+ 1) / parts &* step, count)
  }
}
