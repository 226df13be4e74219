import ModelGraph
import PlanFormat

/// Kernel, strides, dilations and pads of a convolution or pool, made explicit.
struct ONNXWindow {
  /// The window in rows and columns; a 1-D one has one row.
  var window: Window
  /// Rows of padding below.
  var bottom: Int
  /// Columns of padding to the right.
  var right: Int
  /// True where `ceil_mode` reaches beyond the padded input.
  var overhangs: Bool

  /// Reads the attributes for a kernel over spatial dimensions `input` (one or two of them).
  init(_ node: ONNXNode, input: [Int], kernel: [Int]) throws(GraphError) {
    let rank = input.count
    let attribute = try node.ints("kernel_shape") ?? kernel
    let strides = try node.ints("strides") ?? [Int](repeating: 1, count: rank)
    let dilations = try node.ints("dilations") ?? [Int](repeating: 1, count: rank)
    let explicit = try node.ints("pads") ?? [Int](repeating: 0, count: 2 * rank)
    guard attribute.count == rank, strides.count == rank, dilations.count == rank,
      explicit.count == 2 * rank, kernel.isEmpty || kernel == attribute
    else {
      throw node.invalid("kernel_shape, strides, dilations or pads do not fit its operands")
    }
    let extent = 1...ImportLimits.windowExtent
    guard (attribute + strides + dilations).allSatisfy(extent.contains),
      explicit.allSatisfy({ (0...ImportLimits.windowExtent).contains($0) })
    else {
      throw node.unsupported("pads must not be negative, kernels and strides be positive")
    }
    let mode = try node.string("auto_pad", default: "NOTSET")
    let ceil = try node.int("ceil_mode", default: 0) != 0
    var begins: [Int] = []
    var ends: [Int] = []
    overhangs = false
    for axis in 0..<rank {
      let span = (attribute[axis] - 1) * dilations[axis] + 1
      var (begin, end) = try Self.padding(
        mode, node: node, size: input[axis], span: span, stride: strides[axis],
        explicit: (explicit[axis], explicit[axis + rank]))
      let slack = input[axis] + begin + end - span
      guard slack >= 0 else { throw node.invalid("the kernel is larger than its padded input") }
      let rest = slack % strides[axis]
      // The last window counts only if it starts inside the input or its left padding.
      let next = (slack / strides[axis] + 1) * strides[axis]
      if ceil, rest != 0, next < input[axis] + begin {
        end += strides[axis] - rest
        overhangs = true
      }
      begins.append(begin)
      ends.append(end)
    }
    let row = rank == 2 ? 0 : nil as Int?
    let column = rank - 1
    window = Window(
      height: row.map { attribute[$0] } ?? 1, width: attribute[column],
      strideHeight: row.map { strides[$0] } ?? 1, strideWidth: strides[column],
      dilationHeight: row.map { dilations[$0] } ?? 1, dilationWidth: dilations[column],
      paddingTop: row.map { begins[$0] } ?? 0, paddingLeft: begins[column])
    bottom = row.map { ends[$0] } ?? 0
    right = ends[column]
  }

  /// ONNX operator documentation, `auto_pad`: SAME keeps ceil(size / stride) windows; an odd pad
  /// is larger at the end for UPPER, at the begin for LOWER.
  private static func padding(
    _ mode: String, node: ONNXNode, size: Int, span: Int, stride: Int, explicit: (Int, Int)
  ) throws(GraphError) -> (Int, Int) {
    switch mode {
    case "NOTSET", "": return explicit
    case "VALID": return (0, 0)
    case "SAME_UPPER", "SAME_LOWER":
      let windows = (size + stride - 1) / stride
      let total = max((windows - 1) * stride + span - size, 0)
      let small = total / 2
      return mode == "SAME_UPPER" ? (small, total - small) : (total - small, small)
    default: throw node.invalid("auto_pad \(mode) is not known")
    }
  }
}
