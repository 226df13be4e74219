import ModelGraph

/// Bounds on what a model file may ask for: everything that passes them fits in `Int` arithmetic
/// with room to spare, so that later sums and products cannot overflow.
enum ImportLimits {
  /// Nodes of a graph.
  static let nodes = 10_000
  /// Tensors of a graph.
  static let tensors = 65_536
  /// Dimensions of a tensor.
  static let rank = 8
  /// Elements of one tensor.
  static let elements = 1 << 28
  /// Bytes of all constants after conversion.
  static let constantBytes = 1 << 29
  /// Kernel extents, strides, dilations, pads.
  static let windowExtent = 1 << 16
  /// Operands or results of a node.
  static let operands = 1024
  /// Bytes of a name.
  static let nameBytes = 4096
  /// Elements of a result folded at import.
  static let foldedElements = 1 << 24
  /// Multiply-accumulates spent on folding one node.
  static let foldedWork = 1 << 28

  /// The element count of `shape`, or nil when a dimension is not positive or the count or rank is
  /// beyond the limits.
  static func count(_ shape: [Int]) -> Int? {
    guard shape.count <= rank else { return nil }
    var count = 1
    for dimension in shape {
      guard dimension > 0, dimension <= elements else { return nil }
      count *= dimension
      guard count <= elements else { return nil }
    }
    return count
  }

  /// True when `shape` is within the limits, dimensions of 0 allowed: then no product of some of its
  /// dimensions overflows.
  static func isBounded(_ shape: [Int]) -> Bool {
    count(shape.map { $0 == 0 ? 1 : $0 }) != nil
  }

  /// Throws when `shape` is out of bounds; `subject` says whose shape it is.
  static func check(_ shape: [Int], node: String, _ subject: String) throws(GraphError) {
    guard count(shape) != nil else {
      throw GraphError.invalid(
        node: node,
        reason: "\(subject) has shape \(shape): dimensions must be positive, at most \(rank) of "
          + "them, and the element count at most \(elements)")
    }
  }
}
