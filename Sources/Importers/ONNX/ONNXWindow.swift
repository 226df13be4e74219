import ModelGraph
import Operators
import PlanFormat

/// Kernel, strides, dilations and pads of a convolution or pool, made explicit.
struct ONNXWindow {
  /// One spatial axis.
  struct Axis {
    var kernel: Int
    var stride: Int
    var dilation: Int
    var begin: Int
    var end: Int
    /// What `ceil_mode` adds behind the padding.
    var overhang: Int
    /// Windows.
    var count: Int
  }

  /// The spatial axes, outermost first.
  var axes: [Axis]

  /// Reads the attributes for a kernel over spatial dimensions `input`.
  init(_ node: ONNXNode, input: [Int], kernel: [Int]) throws(GraphError) {
    let attributes = try ONNXWindowAttributes(node, rank: input.count, kernel: kernel)
    let mode = try node.string("auto_pad", default: "NOTSET")
    let ceil = try node.int("ceil_mode", default: 0) != 0
    axes = []
    for (axis, size) in input.enumerated() {
      let (stride, dilation) = (attributes.strides[axis], attributes.dilations[axis])
      let span = (attributes.kernel[axis] - 1) * dilation + 1
      let (begin, end) = try Self.padding(
        mode, node: node, size: size, span: span, stride: stride,
        explicit: (attributes.pads[axis], attributes.pads[axis + input.count]))
      let slack = size + begin + end - span
      guard slack >= 0 else { throw node.invalid("the kernel is larger than its padded input") }
      let rest = slack % stride
      var entry = Axis(
        kernel: attributes.kernel[axis], stride: stride, dilation: dilation, begin: begin,
        end: end, overhang: 0, count: slack / stride + 1)
      // The last window counts only if it starts inside the input or its left padding.
      if ceil, rest != 0, entry.count * stride < size + begin {
        entry.overhang = stride - rest
        entry.count += 1
      }
      axes.append(entry)
    }
  }

  /// True where `ceil_mode` reaches beyond the padded input.
  var overhangs: Bool { axes.contains { $0.overhang > 0 } }

  /// The window in rows and columns; a 1-D one has one row.
  var window: Window {
    let (row, column) = (rowAxis, columnAxis)
    return Window(
      height: row.kernel, width: column.kernel, strideHeight: row.stride,
      strideWidth: column.stride, dilationHeight: row.dilation, dilationWidth: column.dilation,
      paddingTop: row.begin, paddingLeft: column.begin)
  }

  /// Rows of padding below.
  var bottom: Int { rowAxis.end + rowAxis.overhang }
  /// Columns of padding to the right.
  var right: Int { columnAxis.end + columnAxis.overhang }

  private static let one = Axis(
    kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0, overhang: 0, count: 1)
  private var rowAxis: Axis { axes.count == 2 ? axes[0] : Self.one }
  private var columnAxis: Axis { axes.last ?? Self.one }

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

/// The attributes all windowed operators share, one number per spatial axis.
struct ONNXWindowAttributes {
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  /// All begins, then all ends.
  let pads: [Int]

  /// Reads them, checked; `kernel` is the weights' and may be empty.
  init(_ node: ONNXNode, rank: Int, kernel weights: [Int]) throws(GraphError) {
    kernel = try node.ints("kernel_shape") ?? weights
    strides = try node.ints("strides") ?? [Int](repeating: 1, count: rank)
    dilations = try node.ints("dilations") ?? [Int](repeating: 1, count: rank)
    pads = try node.ints("pads") ?? [Int](repeating: 0, count: 2 * rank)
    guard kernel.count == rank, strides.count == rank, dilations.count == rank,
      pads.count == 2 * rank, weights.isEmpty || weights == kernel
    else {
      throw node.invalid("kernel_shape, strides, dilations or pads do not fit its operands")
    }
    let extent = 1...ImportLimits.windowExtent
    guard (kernel + strides + dilations).allSatisfy(extent.contains),
      pads.allSatisfy({ (0...ImportLimits.windowExtent).contains($0) })
    else {
      throw node.unsupported("pads must not be negative, kernels and strides be positive")
    }
  }
}
