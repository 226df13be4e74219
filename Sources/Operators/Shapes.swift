import ModelGraph
import PlanFormat

/// A window with its padding on all four sides, as the convolutions and pools carry it.
struct PaddedWindow {
  var window: Window
  var bottom: Int
  var right: Int

  /// Output height and width for an input of [1, H, W, C].
  func outputSize(of shape: [Int]) throws(GraphError) -> (height: Int, width: Int) {
    guard shape.count == 4, shape[0] == 1 else {
      throw .invalid(node: "", reason: "expects [1, height, width, channels], got \(shape)")
    }
    let height = Self.extent(
      shape[1], window.paddingTop + bottom, window.height, window.strideHeight,
      window.dilationHeight)
    let width = Self.extent(
      shape[2], window.paddingLeft + right, window.width, window.strideWidth,
      window.dilationWidth)
    guard height > 0, width > 0 else {
      throw .invalid(
        node: "", reason: "a \(window.height)x\(window.width) window does not fit \(shape)")
    }
    return (height, width)
  }

  private static func extent(
    _ size: Int, _ padding: Int, _ kernel: Int, _ stride: Int, _ dilation: Int
  ) -> Int {
    let covered = (kernel - 1) * dilation + 1
    guard stride > 0, size + padding >= covered else { return 0 }
    return (size + padding - covered) / stride + 1
  }

  /// Kernel rows that fall inside the input for output row `row`.
  func rows(at row: Int, height: Int) -> Range<Int> {
    Self.valid(
      row * window.strideHeight - window.paddingTop, window.height, window.dilationHeight, height)
  }

  /// Kernel columns that fall inside the input for output column `column`.
  func columns(at column: Int, width: Int) -> Range<Int> {
    Self.valid(
      column * window.strideWidth - window.paddingLeft, window.width, window.dilationWidth, width)
  }

  private static func valid(_ origin: Int, _ kernel: Int, _ dilation: Int, _ size: Int) -> Range<
    Int
  > {
    let first = origin >= 0 ? 0 : (-origin + dilation - 1) / dilation
    let end = size > origin ? (size - origin + dilation - 1) / dilation : 0
    return first..<max(first, min(kernel, end))
  }

  /// `3x3 stride 2`, for tables.
  var summary: String {
    var text = "\(window.height)x\(window.width)"
    if window.strideHeight != 1 || window.strideWidth != 1 {
      text +=
        window.strideHeight == window.strideWidth
        ? " stride \(window.strideHeight)" : " stride \(window.strideHeight)x\(window.strideWidth)"
    }
    if window.dilationHeight != 1 || window.dilationWidth != 1 {
      text += " dilation \(window.dilationHeight)x\(window.dilationWidth)"
    }
    return text
  }
}

/// The operand at a position, or the error that says it is missing.
func operand<Operand>(_ position: Int, of operands: [Operand?]) throws(GraphError) -> Operand {
  guard position < operands.count, let operand = operands[position] else {
    throw .invalid(node: "", reason: "operand \(position) is missing")
  }
  return operand
}

/// The elements of a float operand.
func floats(_ position: Int, of operands: [TensorData?]) throws(GraphError) -> [Float] {
  guard let floats = try operand(position, of: operands).floats else {
    throw .invalid(node: "", reason: "operand \(position) is not float32")
  }
  return floats
}

/// An operand broadcast to a shape that its own goes with.
func broadcastOperand(
  _ position: Int, of operands: [TensorData?], to shape: [Int]
) throws(GraphError) -> TensorData {
  let tensor = try operand(position, of: operands)
  return tensor.shape == shape ? tensor : tensor.broadcast(to: shape) ?? tensor
}
