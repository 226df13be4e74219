public import ModelGraph
import Sealing

/// Items by digests of their values, to tell whether others are among them.
public struct ItemDigests: Sendable, Equatable {
  private let digests: Set<[UInt8]>
  /// All items.
  public let count: Int
  /// Items that are like one before them.
  public var repeated: Int { count - digests.count }

  /// Digests items.
  public init(_ items: [[TensorData]]) {
    digests = Set(items.map(Self.digest))
    count = items.count
  }

  /// True for an item that is among these.
  public func contains(_ item: [TensorData]) -> Bool { digests.contains(Self.digest(item)) }

  private static func digest(_ item: [TensorData]) -> [UInt8] {
    var bytes: [UInt8] = []
    for tensor in item {
      tensor.floats?.withUnsafeBytes { bytes += $0 }
      tensor.integers?.withUnsafeBytes { bytes += $0 }
    }
    return SHA256.digest(bytes)
  }
}
