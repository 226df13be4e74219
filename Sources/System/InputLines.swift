import CSystem

/// The lines of standard input, as they come.
public struct InputLines {
  private var pending: [UInt8] = []
  private let limit: Int

  /// - Parameter limit: bytes of the longest line; the input ends at a longer one.
  public init(limit: Int) { self.limit = limit }

  /// The next line without its line feed, once it is complete; nil at the end of the input.
  public mutating func next() -> String? {
    while true {
      if let end = pending.firstIndex(of: 0x0a) {
        let line = String(decoding: Array(pending[..<end]), as: UTF8.self)
        pending.removeFirst(end + 1)
        return line
      }
      guard pending.count <= limit, let more = Self.read() else { return nil }
      pending.append(contentsOf: more)
    }
  }

  private static func read() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { swl_read(0, $0.baseAddress, $0.count) }
    guard count > 0 else { return nil }
    buffer.removeLast(buffer.count - Int(count))
    return buffer
  }
}
