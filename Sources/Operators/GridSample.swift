public import ModelGraph

/// Samples of an image where a grid says: spatial transformers, optical flow, lens correction.
///
/// Operands: image [N, H, W, C]; grid [N, H', W', 2] of x, then y, −1 to 1 from end to end of the image.
/// Result: [N, H', W', C]. The formulas are those of ONNX's GridSample, operator set 20, in float32.
public struct GridSample: Operation, Equatable {
  /// What is made of the elements around a place.
  public enum Mode: String, CaseIterable, Sendable {
    /// The nearest, halves to even.
    case nearest
    /// Two by two, by distance.
    case linear
    /// Four by four, by the cubic of Keys with a = −3/4.
    case cubic
  }

  /// What lies outside of the image.
  public enum Padding: String, CaseIterable, Sendable {
    case zeros
    /// The nearest element inside.
    case border
    /// The image mirrored at its ends, as often as it takes.
    case reflection
  }

  /// Name in tables.
  public static let name = "GridSample"
  /// What is made of the elements around a place.
  public var mode: Mode
  /// What lies outside of the image.
  public var padding: Padding
  /// Whether −1 and 1 are the centres of the outermost elements, rather than their outer edges.
  public var alignsCorners: Bool

  /// Creates a sampling.
  public init(mode: Mode, padding: Padding, alignsCorners: Bool) {
    self.mode = mode
    self.padding = padding
    self.alignsCorners = alignsCorners
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let image = try operand(0, of: operands)
    let grid = try operand(1, of: operands).shape
    guard image.element == .float32, image.shape.count == 4, grid.count == 4, grid[3] == 2,
      grid[0] == image.shape[0], !image.isEmpty
    else {
      throw .invalid(node: "", reason: "a grid \(grid) over an image \(image.shape), channels last")
    }
    return [ValueType(.float32, [grid[0], grid[1], grid[2], image.shape[3]])]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    let result = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0].shape
    let (image, grid) = (try floats(0, of: operands), try floats(1, of: operands))
    let rows = Line(size: shape[1], sampling: self)
    let columns = Line(size: shape[2], sampling: self)
    let channels = shape[3]
    var values = [Float](repeating: 0, count: result.reduce(1, *))
    for place in 0..<values.count / max(channels, 1) {
      let item = place / (result[1] * result[2]) * shape[1] * shape[2]
      let across = columns.taps(at: grid[2 * place])
      for row in rows.taps(at: grid[2 * place + 1]) {
        for column in across {
          let source = (item + row.position * shape[2] + column.position) * channels
          for channel in 0..<channels {
            values[place * channels + channel] +=
              row.weight * column.weight * image[source + channel]
          }
        }
      }
    }
    return [TensorData(shape: result, floats: values)]
  }

  /// One axis of the image.
  private struct Line {
    let size: Int
    let sampling: GridSample

    /// The outermost coordinates of the image.
    private var ends: (low: Float, high: Float) {
      sampling.alignsCorners ? (0, Float(size - 1)) : (-0.5, Float(size) - 0.5)
    }

    /// The elements that a coordinate of the grid reads, with their weights; none outside of the image
    /// where that is zero.
    func taps(at coordinate: Float) -> [(position: Int, weight: Float)] {
      let size = Float(size)
      var place =
        sampling.alignsCorners
        ? (coordinate + 1) / 2 * (size - 1) : ((coordinate + 1) * size - 1) / 2
      // What is no number, or far outside, must not become an integer.
      place = place.isNaN ? -0x1p24 : min(max(place, -0x1p24), 0x1p24)
      if sampling.mode == .nearest { place = place.rounded(.toNearestOrEven) }
      if place < ends.low || place > ends.high {
        switch sampling.padding {
        case .zeros: break
        // Of a cubic only the elements are brought inside, as PyTorch and onnxruntime have it.
        case .border: place = sampling.mode == .cubic ? place : min(max(place, 0), size - 1)
        case .reflection: place = reflected(place)
        }
      }
      let first = place.rounded(.down)
      let part = place - first
      let weights: [Float] =
        switch sampling.mode {
        case .nearest: [1]
        case .linear: [1 - part, part]
        case .cubic: Self.cubic(part)
        }
      let start = Int(sampling.mode == .nearest ? place.rounded(.toNearestOrEven) : first)
      return weights.enumerated().compactMap { index, weight in
        element(start + index - (sampling.mode == .cubic ? 1 : 0)).map { ($0, weight) }
      }
    }

    private func element(_ position: Int) -> Int? {
      if (0..<size).contains(position) { return position }
      return switch sampling.padding {
      case .zeros: nil
      case .border: min(max(position, 0), size - 1)
      case .reflection: min(max(Int(reflected(Float(position))), 0), size - 1)
      }
    }

    /// Mirrored at the ends until it lies between them.
    private func reflected(_ place: Float) -> Float {
      let (low, high) = ends
      let range = high - low
      guard range > 0, place < low || place > high else { return range > 0 ? place : low }
      let distance = place < low ? low - place : place - high
      let times = (distance / range).rounded(.down)
      let rest = distance - times * range
      let isBackAtItsEnd = times.truncatingRemainder(dividingBy: 2) == 0
      return (place < low) == isBackAtItsEnd ? low + rest : high - rest
    }

    /// Weights of the four elements around a place `part` behind the second of them.
    private static func cubic(_ part: Float) -> [Float] {
      let a: Float = -0.75
      func near(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
      func far(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
      return [far(part + 1), near(part), near(1 - part), far(2 - part)]
    }
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func multiplyAccumulates(_ operands: [ValueType?]) -> Int {
    guard let result = try? resultTypes(operands).first else { return 0 }
    let taps = [Mode.nearest: 1, .linear: 4, .cubic: 16]
    return result.shape.reduce(1, *) * (taps[mode] ?? 1)
  }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "samples at computed places have no integer form; warp the image before the model")
  }

  public var summary: String {
    "\(mode.rawValue), \(padding.rawValue)" + (alignsCorners ? ", corners aligned" : "")
  }
}
