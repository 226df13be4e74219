extension InstructionValidator {
  func elementwise(
    _ parameters: ElementwiseParameters, _ operands: [PlanTensor], _ result: PlanTensor
  ) throws(PlanError) {
    let isWide = result.element == .int16
    let range: ClosedRange<Int32> = isWide ? -32768...32767 : -128...127
    let arithmetic = parameters.arithmetic
    var shapes = operands.map { $0.shape }
    if let constant = parameters.constant {
      try self.constant(constant.elements, count: constant.shape, times: isWide ? 2 : 1)
      shapes.insert(constant.shape, at: constant.isLeft ? 0 : 1)
    }
    try broadcasts(shapes[0], shapes[1], to: result.shape)
    let (left, right) = (arithmetic.leftZeroPoint, arithmetic.rightZeroPoint)
    let zeroPoints = isWide ? 0...0 : range
    for (position, stated) in [left, right].enumerated() {
      try require(zeroPoints.contains(stated), "has a zero point out of range")
      guard let constant = parameters.constant else {
        try zeroPoint(stated, operands[position])
        continue
      }
      if constant.isLeft == (position == 1) { try zeroPoint(stated, operands[0]) }
    }
    try require(zeroPoints.contains(arithmetic.outputZeroPoint), "has a zero point out of range")
    try clamp(arithmetic.minimum, arithmetic.maximum, range)
    for factor in [arithmetic.left, arithmetic.right, arithmetic.output] { try scale(factor) }
    try accumulators(parameters.function, arithmetic, isWide: isWide)
  }

  /// Along each axis the result is as long as one operand, and the other repeats or is as long.
  private func broadcasts(_ left: [Int], _ right: [Int], to result: [Int]) throws(PlanError) {
    let rule = "broadcasts shapes that do not go together"
    try require(left.count <= result.count && right.count <= result.count, rule)
    for axis in result.indices {
      let a = axis - (result.count - left.count)
      let b = axis - (result.count - right.count)
      let (inLeft, inRight) = (a < 0 ? 1 : left[a], b < 0 ? 1 : right[b])
      let size = result[axis]
      try require(
        (inLeft == size && (inRight == size || inRight == 1)) || (inLeft == 1 && inRight == size),
        rule)
    }
  }

  /// Nothing leaves 32 bits. An operand less its zero point is below 2^8, or at most 2^15 of int16;
  /// what the output scale gets, shifted left by it, must stay below 2^31.
  private func accumulators(
    _ function: ElementwiseParameters.Function, _ arithmetic: AdditionParameters, isWide: Bool
  ) throws(PlanError) {
    let headroom = arithmetic.leftShift
    let bits: Int32
    switch function {
    case .add, .subtract, .maximum, .minimum:
      try require((0...(isWide ? 15 : 20)).contains(headroom), "has a shift out of range")
      try require(
        arithmetic.left.shift <= 0 && arithmetic.right.shift <= 0, "scales an operand up")
      bits = (isWide ? 16 : 9) + headroom
    case .multiply:
      try require(headroom == 0, "has a shift out of range")
      bits = isWide ? 31 : 16
    case .divide:
      try require(!isWide, "works on an element type it does not serve")
      try require((0...22).contains(headroom), "has a shift out of range")
      bits = 31
    case .squaredDifference:
      try require(!isWide, "works on an element type it does not serve")
      try require((0...7).contains(headroom), "has a shift out of range")
      // Halves at most: a difference below 2^15, its square below 2^30.
      for factor in [arithmetic.left, arithmetic.right] {
        try require(
          factor.shift < 0 || factor.shift == 0 && factor.multiplier <= 1 << 30,
          "scales an operand up")
      }
      bits = 16 + 2 * headroom
    case .slope:
      try require(!isWide, "works on an element type it does not serve")
      try require(headroom == 0 && arithmetic.left.shift <= 23, "has a shift out of range")
      bits = 16
    }
    try require(max(arithmetic.output.shift, 0) <= 31 - bits, "has a scale that could overflow")
  }
}
