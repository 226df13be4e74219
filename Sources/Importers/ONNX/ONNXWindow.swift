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

    /// As the operators of the float reference have it.
    var pooled: WindowPool.Axis {
      WindowPool.Axis(
        kernel: kernel, stride: stride, dilation: dilation, begin: begin, end: end, count: count)
    }
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

  /// The windows of a transposed convolution, each axis with the size of the result for its count.
  ///
  /// ONNX operator documentation: the size follows from the pads, or the pads from `output_shape` (of
  /// SAME: size · stride); then an odd pad is larger at the end for SAME_UPPER, at the begin for others.
  init(transposed node: ONNXNode, input: [Int], kernel: [Int]) throws(GraphError) {
    let rank = input.count
    let attributes = try ONNXWindowAttributes(node, rank: rank, kernel: kernel)
    let extra = try node.ints("output_padding") ?? [Int](repeating: 0, count: rank)
    let mode = try node.string("auto_pad", default: "NOTSET")
    let isSame = mode.hasPrefix("SAME")
    let stated = try node.ints("output_shape") ?? []
    guard extra.count == rank, extra.allSatisfy({ (0...ImportLimits.windowExtent).contains($0) }),
      stated.isEmpty || stated.count >= rank,
      stated.allSatisfy({ (1...ImportLimits.elements).contains($0) })
    else { throw node.invalid("output_padding or output_shape do not fit its input") }
    axes = []
    for axis in 0..<rank {
      let (stride, dilation) = (attributes.strides[axis], attributes.dilations[axis])
      let span = (attributes.kernel[axis] - 1) * dilation + 1
      let whole = stride * (input[axis] - 1) + extra[axis] + span
      var begin = mode == "VALID" ? 0 : attributes.pads[axis]
      var end = mode == "VALID" ? 0 : attributes.pads[axis + rank]
      if isSame || !stated.isEmpty {
        let size =
          stated.isEmpty ? input[axis] * stride : stated.suffix(rank)[stated.count - rank + axis]
        let total = max(whole - size, 0)
        begin = mode == "SAME_UPPER" ? total / 2 : total - total / 2
        end = whole - size - begin
      }
      guard whole - begin - end > 0 else { throw node.invalid("its padding leaves no result") }
      axes.append(
        Axis(
          kernel: attributes.kernel[axis], stride: stride, dilation: dilation, begin: begin,
          end: end, overhang: 0, count: whole - begin - end))
    }
  }

  /// True where `ceil_mode` reaches beyond the padded input.
  var overhangs: Bool { axes.contains { $0.overhang > 0 } }

  /// The window in rows and columns; a 1-D one has one row.
  var window: Window {
    let (row, column) = (rows, columns)
    return Window(
      height: row.kernel, width: column.kernel, strideHeight: row.stride,
      strideWidth: column.stride, dilationHeight: row.dilation, dilationWidth: column.dilation,
      paddingTop: row.begin, paddingLeft: column.begin)
  }

  /// Rows of padding below.
  var bottom: Int { rows.end + rows.overhang }
  /// Columns of padding to the right.
  var right: Int { columns.end + columns.overhang }

  private static let one = Axis(
    kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0, overhang: 0, count: 1)
  /// The outer of two axes, or the one row of a 1-D window.
  var rows: Axis { axes.count == 2 ? axes[0] : Self.one }
  /// The inner axis.
  var columns: Axis { axes.last ?? Self.one }

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
