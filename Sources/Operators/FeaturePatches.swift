public import ModelGraph
import PlanFormat

/// What a layer's weights meet in its operand, as rows: for a convolution each window [KH, KW, C] of
/// the feature map, zero where it hangs over the edge; for a dense layer each item's features.
public struct FeaturePatches {
  /// Rows in one operand.
  public let count: Int
  /// Elements of a row.
  public let length: Int
  private let shape: [Int]
  private let columns: Int
  private let padded: PaddedWindow?

  /// The rows of an operand of a shape.
  ///
  /// - Returns: nil for operations without such rows, and for convolutions in groups, whose channels
  ///   meet parts of a row.
  public init?(_ operation: any Operation, operand shape: [Int]) {
    self.shape = shape
    let padded: PaddedWindow
    switch operation {
    case is FullyConnected:
      length = shape.last ?? 0
      count = length == 0 ? 0 : shape.reduce(1, *) / length
      columns = 1
      self.padded = nil
      return
    case let conv as Conv2D where conv.groups == 1:
      padded = PaddedWindow(
        window: conv.window, bottom: conv.paddingBottom, right: conv.paddingRight)
    case let conv as DepthwiseConv2D:
      padded = PaddedWindow(
        window: conv.window, bottom: conv.paddingBottom, right: conv.paddingRight)
    default: return nil
    }
    guard let size = try? padded.outputSize(of: shape) else { return nil }
    self.padded = padded
    count = size.height * size.width
    columns = size.width
    length = padded.window.height * padded.window.width * shape[3]
  }

  /// Copies a row.
  ///
  /// - Parameters:
  ///   - index: which, of `count`.
  ///   - elements: the operand's elements.
  ///   - row: `length` elements, overwritten.
  public func copy(
    _ index: Int, of elements: UnsafeBufferPointer<Float>,
    into row: UnsafeMutableBufferPointer<Float>
  ) {
    guard let padded else {
      for position in 0..<length { row[position] = elements[index * length + position] }
      return
    }
    let window = padded.window
    let channels = shape[3]
    let (y, x) = (index / columns, index % columns)
    row.update(repeating: 0)
    for ky in padded.rows(at: y, height: shape[1]) {
      let line = y * window.strideHeight - window.paddingTop + ky * window.dilationHeight
      for kx in padded.columns(at: x, width: shape[2]) {
        let column = x * window.strideWidth - window.paddingLeft + kx * window.dilationWidth
        let source = (line * shape[2] + column) * channels
        let target = (ky * window.width + kx) * channels
        for channel in 0..<channels { row[target + channel] = elements[source + channel] }
      }
    }
  }
}
