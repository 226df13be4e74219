/// Elements copied block by block into a result that is otherwise `fill`. Joins, cuts, pads, repeats
/// and reorders: whatever computes nothing.
public struct MoveParameters: Sendable, Equatable {
  /// What stands where no block writes.
  public var fill: Int32
  /// Copied in order.
  public var blocks: [MoveBlock]

  /// Creates the parameters.
  public init(fill: Int32, blocks: [MoveBlock]) {
    self.fill = fill
    self.blocks = blocks
  }
}

/// Elements of one operand on a grid of source positions, written to a grid of result positions.
public struct MoveBlock: Sendable, Equatable {
  /// Which of the instruction's operands.
  public var operand: Int
  /// Element of the operand it starts at.
  public var sourceStart: Int
  /// Element of the result it starts at.
  public var resultStart: Int
  /// Outermost first.
  public var axes: [MoveAxis]
  /// 256 int8 each element is replaced through, as by a lookup: operands with other parameters than
  /// the result's. int8 only.
  public var table: ConstantReference?

  /// Creates a block.
  public init(
    operand: Int, sourceStart: Int, resultStart: Int, axes: [MoveAxis],
    table: ConstantReference? = nil
  ) {
    self.operand = operand
    self.sourceStart = sourceStart
    self.resultStart = resultStart
    self.axes = axes
    self.table = table
  }
}

/// One axis of a block. A source step of 0 repeats, a negative one runs backwards.
public struct MoveAxis: Sendable, Equatable {
  /// Elements along it.
  public var size: Int
  /// Elements of the operand between neighbours.
  public var sourceStep: Int
  /// Elements of the result between neighbours.
  public var resultStep: Int

  /// Creates an axis.
  public init(size: Int, sourceStep: Int, resultStep: Int) {
    self.size = size
    self.sourceStep = sourceStep
    self.resultStep = resultStep
  }
}

extension InstructionValidator {
  /// Every position of every block lies inside its operand and inside the result.
  func move(
    _ parameters: MoveParameters, _ operands: [PlanTensor], _ result: PlanTensor
  ) throws(PlanError) {
    let range: ClosedRange<Int32> =
      switch result.element {
      case .int8: -128...127
      case .int16: -32768...32767
      case .int32, .int64: Int32.min...Int32.max
      }
    try require(range.contains(parameters.fill), "fills with a value out of range")
    for block in parameters.blocks {
      try require(operands.indices.contains(block.operand), "moves from an operand it has not")
      try require(block.axes.count <= PlanLimits.moveAxes, "moves along too many axes")
      var count = 1
      for axis in block.axes {
        try require(axis.size > 0 && axis.size <= PlanLimits.elements, "moves an empty block")
        let (product, overflow) = count.multipliedReportingOverflow(by: axis.size)
        try require(!overflow && product <= result.elementCount, "moves too large a block")
        count = product
      }
      try require(
        Self.isInside(
          block.sourceStart, block.axes.map { ($0.size, $0.sourceStep) },
          count: operands[block.operand].elementCount), "reads outside of its operand")
      try require(
        Self.isInside(
          block.resultStart, block.axes.map { ($0.size, $0.resultStep) },
          count: result.elementCount), "writes outside of its result")
      if let table = block.table {
        try require(result.element == .int8, "replaces elements that are not int8")
        try constant(table, count: [256], times: 1)
      }
    }
  }

  /// Steps are below 2^27 and sizes up to 2^26: no sum leaves 64 bits.
  private static func isInside(_ start: Int, _ axes: [(size: Int, step: Int)], count: Int) -> Bool {
    var (lowest, highest) = (Int64(start), Int64(start))
    for axis in axes {
      guard axis.step.magnitude <= UInt(PlanLimits.elements) else { return false }
      let reach = Int64(axis.size - 1) * Int64(axis.step)
      lowest += min(reach, 0)
      highest += max(reach, 0)
    }
    return lowest >= 0 && highest < Int64(count)
  }
}
