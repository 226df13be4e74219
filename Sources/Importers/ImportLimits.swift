import ModelGraph

/// Bounds on what a model file may ask for: everything that passes them fits in `Int` arithmetic
/// with room to spare, so that later sums and products cannot overflow.
enum ImportLimits {
  /// Nodes of a graph.
  static let nodes = 10_000
  /// Tensors of a graph.
  static let tensors = 65_536
  /// Graphs within graphs; exporters nest two or three.
  static let scopes = 16
  /// Dimensions of a tensor.
  static let rank = 8
  /// Elements of one tensor of the file.
  static let elements = 1 << 28
  /// Elements of an input or of a result.
  static let resultElements = 1 << 27
  /// Size of one axis of an input or of a result, which operators may list position by position.
  static let positions = 1 << 24
  /// Bytes of all constants after conversion.
  static let constantBytes = 1 << 29
  /// Kernel extents, strides, dilations, pads.
  static let windowExtent = 1 << 16
  /// Elements that the results along a resized axis are made of.
  static let taps = 1 << 22
  /// Stored elements of a sparse constant.
  static let sparseRuns = 1 << 22
  /// Operands or results of a node.
  static let operands = 1024
  /// Bytes of a name.
  static let nameBytes = 4096
  /// Elements of a result folded at import.
  static let foldedElements = 1 << 24
  /// Multiply-accumulates spent on folding one node.
  static let foldedWork = 1 << 26
  /// Elements and multiply-accumulates that all folding may take, for a small file.
  static let foldedSteps = 1 << 27
  /// Steps of a recurrent layer that is written out in other operators.
  static let unrolledSteps = 256
  /// Bytes of the constants and lists that importing makes, for a small file.
  static let derivedBytes = 1 << 29

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

  /// Throws when `shape` is out of bounds for an input or a result; `subject` says whose it is.
  ///
  /// - Parameter allowsEmpty: shape computations know lists of no elements; a graph does not.
  static func check(
    _ shape: [Int], node: String, _ subject: String, allowsEmpty: Bool = false
  ) throws(GraphError) {
    let stated = shape
    let shape = allowsEmpty ? stated.map { $0 == 0 ? 1 : $0 } : stated
    guard let count = count(shape) else {
      throw GraphError.invalid(
        node: node,
        reason: "\(subject) has shape \(stated): dimensions must be positive, at most \(rank) of "
          + "them, and the element count at most \(elements)")
    }
    guard count <= resultElements, shape.allSatisfy({ $0 <= positions }) else {
      throw GraphError.invalid(
        node: node,
        reason: "\(subject) has shape \(stated): the limits are \(resultElements) elements and "
          + "\(positions) along one axis")
    }
  }
}
