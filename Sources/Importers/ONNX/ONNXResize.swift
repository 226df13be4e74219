import ModelGraph
import Operators

/// `Resize` and `Upsample`: every mode becomes weighted taps per axis.
enum ONNXResize {
  /// `Resize`, operator set 11 and newer.
  @Sendable static func resize(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let axes = try ONNXLayout.normalized(
      try node.ints("axes") ?? Array(shape.indices), rank: shape.count, node)
    let extents = try extents(node, builder, axes.map { shape[$0] })
    let roi = try list(node, builder, 1)
    let coordinates = try node.string("coordinate_transformation_mode", default: "half_pixel")
    let crops = coordinates == "tf_crop_and_resize"
    guard !crops || roi?.count == 2 * axes.count, roi?.allSatisfy(\.isFinite) ?? true else {
      throw node.invalid("its region of interest does not name \(axes.count) axes")
    }
    let kernel = try ONNXResizeKernel(node)
    var results = [[[Resize.Tap]]?](repeating: nil, count: shape.count)
    for (index, axis) in axes.enumerated() {
      let extent = extents[index]
      guard kernel.tapCount(extent) <= ImportLimits.taps else {
        throw node.unsupported(
          "its antialiasing would read more than the limit of \(ImportLimits.taps) elements of an "
            + "axis of \(extent.input)")
      }
      let region = crops ? roi.map { ($0[index], $0[axes.count + index]) } : nil
      if extent.output == extent.input, extent.scale == 1, region.map({ $0 == (0, 1) }) ?? true {
        continue
      }
      let axisMap = ONNXResizeAxis(extent: extent, coordinates: coordinates, region: region)
      var taps: [[Resize.Tap]] = []
      for position in 0..<extent.output {
        guard let source = axisMap.source(of: position) else {
          throw node.unsupported("coordinate_transformation_mode \(coordinates) is not known")
        }
        taps.append(kernel.taps(at: source, extent, isCropped: crops))
      }
      results[axis] = taps
    }
    let outside = try node.float("extrapolation_value", default: 0)
    try bind(node, &builder, input, results, outside: outside)
  }

  /// `Upsample`, until operator set 9: `Resize` from the corner, nearest below.
  @Sendable static func upsample(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    var scales: [Double] = []
    if let given = try list(node, builder, 1) {
      scales = given
    } else if case .floats(let given) = node.attributes["scales"] {
      scales = given.map { Double($0) }
    }
    guard scales.count == shape.count else { throw node.invalid("its scales are missing") }
    let kernel = try ONNXResizeKernel(node, nearest: "floor")
    var results = [[[Resize.Tap]]?](repeating: nil, count: shape.count)
    for (axis, scale) in scales.enumerated() where scale != 1 {
      let extent = try ResizeExtent(
        input: shape[axis], output: Double(shape[axis]) * scale, scale: scale, node)
      let axisMap = ONNXResizeAxis(extent: extent, coordinates: "asymmetric", region: nil)
      results[axis] = (0..<extent.output).map { position in
        kernel.taps(at: axisMap.source(of: position) ?? 0, extent, isCropped: false)
      }
    }
    try bind(node, &builder, input, results, outside: 0)
  }

  private static func bind(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ input: ValueID, _ axes: [[[Resize.Tap]]?],
    outside: Float
  ) throws(GraphError) {
    guard axes.contains(where: { $0 != nil }) else { return try builder.bind(node, input) }
    let result = try builder.emit(Resize(axes: axes, outside: outside), [input], node: node)
    try builder.bind(node, result)
  }

  /// A constant operand of floats; nil when absent or empty.
  private static func list(
    _ node: ONNXNode, _ builder: ONNXBuilder, _ index: Int
  ) throws(GraphError) -> [Double]? {
    guard try builder.optional(node, index) != nil else { return nil }
    let values = try builder.floats(node, index).floats ?? []
    return values.isEmpty ? nil : values.map { Double($0) }
  }

  /// Sizes and scales of the named axes.
  private static func extents(
    _ node: ONNXNode, _ builder: ONNXBuilder, _ sizes: [Int]
  ) throws(GraphError) -> [ResizeExtent] {
    let policy = try node.string("keep_aspect_ratio_policy", default: "stretch")
    let targets = try builder.integers(node, 3) ?? []
    var extents: [ResizeExtent] = []
    if !targets.isEmpty {
      guard targets.count == sizes.count, targets.allSatisfy({ $0 > 0 }) else {
        throw node.invalid("sizes \(targets) for \(sizes.count) axes")
      }
      let scales = zip(targets, sizes).map { Double($0) / Double($1) }
      let kept: Double? =
        policy == "not_larger" ? scales.min() : policy == "not_smaller" ? scales.max() : nil
      for (index, size) in sizes.enumerated() {
        extents.append(
          try ResizeExtent(
            input: size, output: kept.map { Double(size) * $0 + 0.5 } ?? Double(targets[index]),
            scale: kept ?? scales[index], node))
      }
      return extents
    }
    guard let scales = try list(node, builder, 2), scales.count == sizes.count else {
      throw node.invalid("it has neither scales nor sizes for \(sizes.count) axes")
    }
    for (size, scale) in zip(sizes, scales) {
      extents.append(
        try ResizeExtent(input: size, output: Double(size) * scale, scale: scale, node))
    }
    return extents
  }
}

/// An axis before and after.
struct ResizeExtent {
  let input: Int
  let output: Int
  /// What the file states, which need not be the quotient of the two.
  let scale: Double

  /// The output is rounded down.
  init(input: Int, output: Double, scale: Double, _ node: ONNXNode) throws(GraphError) {
    guard scale.isFinite, scale > 0, (1...Double(ImportLimits.windowExtent)).contains(output) else {
      throw node.invalid("an axis of \(input) cannot be scaled by \(scale)")
    }
    self.input = input
    self.output = Int(output)
    self.scale = scale
  }
}

/// Where a result of an axis lies in the operand (ONNX: `coordinate_transformation_mode`).
struct ONNXResizeAxis {
  let extent: ResizeExtent
  let coordinates: String
  let region: (start: Double, end: Double)?

  /// The coordinate, or nil for a mode that is not known.
  func source(of position: Int) -> Double? {
    let x = Double(position)
    let last = Double(extent.input - 1)
    let width = extent.scale * Double(extent.input)
    let halfPixel = (x + 0.5) / extent.scale - 0.5
    switch coordinates {
    case "half_pixel": return halfPixel
    case "asymmetric": return x / extent.scale
    case "align_corners": return width == 1 ? 0 : x * last / (width - 1)
    case "pytorch_half_pixel": return width == 1 ? -0.5 : halfPixel
    case "half_pixel_symmetric":
      return Double(extent.input) / 2 * (1 - Double(extent.output) / width) + halfPixel
    case "tf_half_pixel_for_nn": return (x + 0.5) / extent.scale
    case "tf_crop_and_resize":
      guard let region else { return nil }
      let span = (region.end - region.start) * last
      return region.start * last + (width == 1 ? span / 2 : x * span / (width - 1))
    default: return nil
    }
  }
}

/// The weights around a coordinate (ONNX: `mode`).
struct ONNXResizeKernel {
  private enum Mode {
    case nearest(String)
    case linear
    case cubic(Double)
  }

  private let mode: Mode
  private let excludesOutside: Bool
  private let antialiases: Bool

  /// Reads the attributes.
  init(_ node: ONNXNode, nearest: String = "round_prefer_floor") throws(GraphError) {
    excludesOutside = try node.int("exclude_outside", default: 0) != 0
    antialiases = try node.int("antialias", default: 0) != 0
    switch try node.string("mode", default: "nearest") {
    case "nearest":
      let rounding = try node.string("nearest_mode", default: nearest)
      guard ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].contains(rounding) else {
        throw node.unsupported("nearest_mode \(rounding) is not known")
      }
      mode = .nearest(rounding)
    case "linear": mode = .linear
    case "cubic": mode = .cubic(Double(try node.float("cubic_coeff_a", default: -0.75)))
    case let other: throw node.unsupported("mode \(other) is not known")
    }
  }

  /// How far a kernel reaches: shrinking with antialiasing widens it to cover what is left out.
  private func reach(_ extent: ResizeExtent) -> (elements: Int, scale: Double) {
    let scale = antialiases ? min(extent.scale, 1) : 1
    return (Int((Self.radius(mode) / scale).rounded(.down)), scale)
  }

  /// About as many taps as an axis has, for a limit.
  func tapCount(_ extent: ResizeExtent) -> Int { 2 * (reach(extent).elements + 1) * extent.output }

  /// The taps of a coordinate; none where a crop leaves the operand.
  func taps(at source: Double, _ extent: ResizeExtent, isCropped: Bool) -> [Resize.Tap] {
    let last = extent.input - 1
    if isCropped, source < 0 || source > Double(last) { return [] }
    let below = source.rounded(.down)
    let ratio = source - below
    if case .nearest(let rounding) = mode {
      let nearest = below + (ratio == 0 ? 0 : Self.goesUp(ratio, rounding) ? 1 : 0)
      return [Resize.Tap(position: min(max(Int(nearest), 0), last), weight: 1)]
    }
    let (reach, scale) = reach(extent)
    var weights: [Int: Double] = [:]
    var sum = 0.0
    for offset in -reach...reach + 1 {
      let position = Int(below) + offset
      if excludesOutside, !(0...last).contains(position) { continue }
      let weight = self.weight((Double(offset) - ratio) * scale)
      weights[min(max(position, 0), last), default: 0] += weight
      sum += weight
    }
    return weights.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map {
      Resize.Tap(position: $0.key, weight: Float($0.value / sum))
    }
  }

  private static func goesUp(_ ratio: Double, _ rounding: String) -> Bool {
    switch rounding {
    case "round_prefer_floor": ratio > 0.5
    case "round_prefer_ceil": ratio >= 0.5
    case "ceil": true
    default: false
    }
  }

  private static func radius(_ mode: Mode) -> Double {
    if case .cubic = mode { 2 } else { 1 }
  }

  /// The kernel: a triangle, or Keys' cubic.
  private func weight(_ distance: Double) -> Double {
    let x = abs(distance)
    guard case .cubic(let a) = mode else { return max(1 - x, 0) }
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}
