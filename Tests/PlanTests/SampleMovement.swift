import PlanFormat
import Wire

extension SamplePlan {
  /// Moves and resizes: two parts of an image joined through a table, enlarged, turned backwards.
  static func movement() -> (plan: Plan, weights: [UInt8]) {
    var sketch = PlanSketch()
    let x = sketch.tensor("image", [1, 3, 4, 2], zeroPoint: -7)
    let table = sketch.constant((0..<256).map { Int8(127 - $0 / 2) })
    func half(_ column: Int, table: ConstantReference?) -> MoveBlock {
      MoveBlock(
        operand: 0, sourceStart: column * 2, resultStart: column * 2,
        axes: [
          MoveAxis(size: 3, sourceStep: 8, resultStep: 8),
          MoveAxis(size: 4, sourceStep: 1, resultStep: 1),
        ], table: table)
    }
    let join = MoveParameters(fill: 9, blocks: [half(0, table: nil), half(2, table: table)])
    let a = sketch.emit("join", .move(join), [x], [1, 3, 4, 2], zeroPoint: -7)
    let rows = [(0, 1024, 0, 0), (0, 256, 1, 768), (1, 512, 2, 512), (2, 1100, 0, -76)]
    let columns = [(3, 1024, 0, 0), (2, 100, 3, 924)]
    func taps(_ list: [(Int, Int, Int, Int)]) -> ConstantReference {
      sketch.constant(list.flatMap { [Int32($0 | $1 << 16), Int32($2 | $3 << 16)] })
    }
    let resize = ResizeParameters(
      height: 3, width: 4, channels: 2, rows: taps(rows), rowTaps: 2, columns: taps(columns),
      columnTaps: 2)
    let b = sketch.emit("resize", .resize(resize), [a], [1, 4, 2, 2], zeroPoint: -7)
    let back = MoveBlock(
      operand: 1, sourceStart: 15, resultStart: 24,
      axes: [MoveAxis(size: 16, sourceStep: -1, resultStep: 1)])
    let whole = MoveBlock(
      operand: 0, sourceStart: 0, resultStart: 0,
      axes: [MoveAxis(size: 24, sourceStep: 1, resultStep: 1)])
    let c = sketch.emit(
      "back", .move(MoveParameters(fill: 0, blocks: [whole, back])), [a, b], [1, 41], zeroPoint: -7)
    return (sketch.plan(inputs: [x], outputs: [c]), sketch.weights)
  }
}
