import PlanFormat

extension SamplePlan {
  /// A plan that keeps two states: a sum of its inputs in 16 bits, and the input before.
  ///
  /// sum ← sum + x, in steps of 2^-8; output 0 is the sum in steps of 1, output 1 the last x.
  static func states() -> (plan: Plan, weights: [UInt8]) {
    var sketch = PlanSketch()
    let x = sketch.tensor("x", [1, 5], scale: 1, zeroPoint: 3)
    let sum = sketch.tensor("sum", [1, 5], element: .int16, scale: 0x1p-8, zeroPoint: 0)
    let before = sketch.tensor("before", [1, 5], scale: 1, zeroPoint: 3)
    func rescale(
      _ factor: Double, _ input: Int32, _ output: Int32, _ range: ClosedRange<Int32>
    ) -> PlanOperation {
      let scale = FixedPointScale(nearestTo: factor)
      return .rescale(
        RescaleParameters(
          inputZeroPoint: input, above: scale, below: scale, outputZeroPoint: output,
          minimum: range.lowerBound, maximum: range.upperBound))
    }
    let wide = sketch.emit(
      "widen", rescale(0x1p8, 3, 0, -32768...32767), [x], [1, 5], element: .int16, scale: 0x1p-8,
      zeroPoint: 0)
    let half = FixedPointScale(nearestTo: 0.5)
    let next = sketch.emit(
      "add",
      .addition16(
        AdditionParameters(
          leftShift: 15, leftZeroPoint: 0, rightZeroPoint: 0, left: half, right: half,
          output: FixedPointScale(nearestTo: 0x1p-14), outputZeroPoint: 0, minimum: -32768,
          maximum: 32767)),
      [wide, sum], [1, 5], element: .int16, scale: 0x1p-8, zeroPoint: 0)
    let shown = sketch.emit(
      "narrow", rescale(0x1p-8, 0, -5, -128...127), [next], [1, 5], scale: 1, zeroPoint: -5)
    let copy = MoveBlock(
      operand: 0, sourceStart: 0, resultStart: 0,
      axes: [MoveAxis(size: 5, sourceStep: 1, resultStep: 1)])
    let last = sketch.emit(
      "last", .move(MoveParameters(fill: 0, blocks: [copy])), [before], [1, 5], scale: 1,
      zeroPoint: 3)
    let kept = sketch.emit(
      "keep", .move(MoveParameters(fill: 0, blocks: [copy])), [x], [1, 5], scale: 1, zeroPoint: 3)
    let plan = sketch.plan(
      inputs: [x], outputs: [shown, last],
      states: [
        PlanState(read: sum, written: next, initial: [0, 1, 0, 2, 0, 3, 0, 4, 0, 5]),
        PlanState(read: before, written: kept, initial: [9]),
      ])
    return (plan, sketch.weights)
  }
}
