/// Positions along an axis as both formats write them.
enum AxisPositions {
  /// NumPy's slice: negative bounds count from the end, all are clamped.
  static func slice(from start: Int, to end: Int, by step: Int, size: Int) -> [Int] {
    let limits = step > 0 ? 0...size : -1...(size - 1)
    func bound(_ index: Int) -> Int {
      // Far outside stays outside: −2^63 must not wrap round.
      let positive = index < 0 ? max(index, -size - 1) + size : index
      return min(max(positive, limits.lowerBound), limits.upperBound)
    }
    let stepInside = min(max(step, -size - 1), size + 1)
    return Array(stride(from: bound(start), to: bound(end), by: stepInside))
  }

  /// The position that one outside of the axis is a copy of, by ONNX's name of the mode; negative for
  /// none; nil for a mode that is not known.
  static func source(of position: Int, size: Int, mode: String) -> Int? {
    if (0..<size).contains(position) { return position }
    switch mode {
    case "constant": return -1
    case "edge": return min(max(position, 0), size - 1)
    case "wrap": return modulo(position, size)
    case "reflect":
      let period = max(2 * (size - 1), 1)
      let folded = modulo(position, period)
      return min(folded, period - folded) % size
    case "symmetric":
      let folded = modulo(position, 2 * size)
      return min(folded, 2 * size - 1 - folded)
    default: return nil
    }
  }

  private static func modulo(_ value: Int, _ divisor: Int) -> Int {
    let rest = value % divisor
    return rest < 0 ? rest + divisor : rest
  }
}
