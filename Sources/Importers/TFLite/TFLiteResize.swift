import ModelGraph
import Operators

/// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR of images, taps as LiteRT's reference kernels have
/// them.
enum TFLiteResize {
  /// Where results lie in the operand.
  private struct Coordinates {
    var alignsCorners: Bool
    var halvesPixels: Bool
  }

  /// Emits the taps of both axes for the sizes of operand 1.
  private static func emit(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, _ coordinates: Coordinates,
    taps: (Int, Int, Int, Coordinates) -> [Resize.Tap]
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let sizes = try builder.integers(node, 1)
    guard shape.count == 4, sizes.count == 2,
      sizes.allSatisfy({ (1...ImportLimits.windowExtent).contains($0) })
    else { throw node.invalid("\(shape) to \(sizes)") }
    guard !(coordinates.alignsCorners && coordinates.halvesPixels) else {
      throw node.invalid("it aligns corners and halves pixels")
    }
    var axes = [[[Resize.Tap]]?](repeating: nil, count: 4)
    for (index, size) in sizes.enumerated() {
      let extent = shape[index + 1]
      let results = (0..<size).map { taps($0, extent, size, coordinates) }
      let isSame = results == (0..<extent).map { [Resize.Tap(position: $0, weight: 1)] }
      axes[index + 1] = isSame ? nil : results
    }
    let operation: any Operation =
      axes.contains { $0 != nil } ? Resize(axes: axes) : Reshape(shape: shape)
    try builder.emit(node, operation, [input], sameParameters: true)
  }

  /// RESIZE_BILINEAR; options 2 and 3: align corners, half pixel centres. Coordinates of integers
  /// are in steps of 2^-10.
  @Sendable static func bilinear(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let options = try node.options(15)
    let coordinates = Coordinates(
      alignsCorners: try options?.bool(2) ?? false, halvesPixels: try options?.bool(3) ?? false)
    let input = try builder.operand(node, 0)
    let isFloat = builder.graph[input].type.element == .float32
    try emit(node, &builder, coordinates, taps: isFloat ? floatTaps : integerTaps)
  }

  private static func floatTaps(
    _ position: Int, _ extent: Int, _ size: Int, _ coordinates: Coordinates
  ) -> [Resize.Tap] {
    let aligns = coordinates.alignsCorners && size > 1
    let scale = aligns ? Float(extent - 1) / Float(size - 1) : Float(extent) / Float(size)
    let source =
      coordinates.halvesPixels ? (Float(position) + 0.5) * scale - 0.5 : Float(position) * scale
    let below = min(max(Int(source.rounded(.down)), 0), extent - 1)
    let above = min(max(Int(source.rounded(.up)), 0), extent - 1)
    if below == above { return [Resize.Tap(position: below, weight: 1)] }
    let weight = source - Float(below)
    return [
      Resize.Tap(position: below, weight: 1 - weight), Resize.Tap(position: above, weight: weight),
    ]
  }

  private static func integerTaps(
    _ position: Int, _ extent: Int, _ size: Int, _ coordinates: Coordinates
  ) -> [Resize.Tap] {
    let aligns = coordinates.alignsCorners && size > 1
    let (from, to) = aligns ? (extent - 1, size - 1) : (extent, size)
    let scale = (from * 1024 + to / 2) / to
    let source = position * scale + (coordinates.halvesPixels ? scale / 2 - 512 : 0)
    let below = min(max(source / 1024, 0), extent - 1)
    let above = min((source + 1023) / 1024, extent - 1)
    if below >= above { return [Resize.Tap(position: below, weight: 1)] }
    let weight = Float(source - below * 1024) / 1024
    return [
      Resize.Tap(position: below, weight: 1 - weight), Resize.Tap(position: above, weight: weight),
    ]
  }

  /// RESIZE_NEAREST_NEIGHBOR; options 0 and 1: align corners, half pixel centres.
  @Sendable static func nearest(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let options = try node.options(74)
    let coordinates = Coordinates(
      alignsCorners: try options?.bool(0) ?? false, halvesPixels: try options?.bool(1) ?? false)
    try emit(node, &builder, coordinates) { position, extent, size, coordinates in
      let aligns = coordinates.alignsCorners && size > 1
      let scale = aligns ? Float(extent - 1) / Float(size - 1) : Float(extent) / Float(size)
      let source = (Float(position) + (coordinates.halvesPixels ? 0.5 : 0)) * scale
      let rounded = source.rounded(
        coordinates.alignsCorners ? .toNearestOrAwayFromZero : .down)
      return [Resize.Tap(position: min(max(Int(rounded), 0), extent - 1), weight: 1)]
    }
  }
}
