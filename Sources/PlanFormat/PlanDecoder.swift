import Wire

extension Plan {
  /// Reads a plan and proves it safe to run but for the constants' values: see
  /// `validate(weights:)`.
  ///
  /// - Throws: `PlanError` for anything but a valid plan, whatever the bytes.
  public init(decoding bytes: [UInt8]) throws(PlanError) {
    guard bytes.count >= 8, Self.word(bytes, at: 0) == Self.magic else { throw .notAPlan }
    let version = UInt16(truncatingIfNeeded: Self.word(bytes, at: 4))
    guard (1...Self.formatVersion).contains(version), bytes[6] == 0, bytes[7] == 0 else {
      throw .version(version)
    }
    do throws(WireError) {
      self = try ByteReader.reading(bytes) { (reader: inout ByteReader) throws(WireError) in
        try Plan(from: &reader, version)
      }
    } catch {
      throw .malformed(error)
    }
    try PlanValidator(self).validate()
  }

  private static func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
  }

  private init(from reader: inout ByteReader, _ version: UInt16) throws(WireError) {
    try reader.skip(8)
    arenaBytes = try reader.bounded(PlanLimits.bytes)
    weightsBytes = try reader.bounded(PlanLimits.bytes)
    multiplyAccumulates = try reader.multiplyAccumulates()
    tensors = []
    for _ in 0..<(try reader.bounded(PlanLimits.tensors)) {
      tensors.append(try reader.tensor(version))
    }
    inputs = try reader.indexes()
    outputs = try reader.indexes()
    taps = try reader.indexes()
    states = version < 4 ? [] : try reader.states()
    instructions = []
    for _ in 0..<(try reader.bounded(PlanLimits.instructions)) {
      let name = try reader.name()
      let operation = try reader.operation(Self.opcodes(version))
      let inputs = try reader.indexes()
      let output = TensorIndex(try reader.bounded(PlanLimits.tensors))
      instructions.append(
        Instruction(name: name, operation: operation, inputs: inputs, output: output))
    }
    try reader.expectEnd()
  }
}

extension ByteReader {
  /// A 32-bit number within a limit.
  mutating func bounded(_ limit: Int) throws(WireError) -> Int {
    let start = position
    let value = try u32()
    guard value <= UInt32(limit) else {
      throw .limitExceeded(at: start, value: UInt64(value), limit: UInt64(limit))
    }
    return Int(value)
  }

  /// A figure for people: a 32-bit device shows its largest number where there are more.
  fileprivate mutating func multiplyAccumulates() throws(WireError) -> Int {
    let start = position
    let value = try u64()
    guard value <= PlanLimits.multiplyAccumulates else {
      throw .limitExceeded(at: start, value: value, limit: PlanLimits.multiplyAccumulates)
    }
    return Int(clamping: value)
  }

  fileprivate mutating func bounded16(_ limit: Int) throws(WireError) -> Int {
    let start = position
    let value = Int(try u16())
    guard value <= limit else {
      throw .limitExceeded(at: start, value: UInt64(value), limit: UInt64(limit))
    }
    return value
  }

  fileprivate mutating func name() throws(WireError) -> String {
    try text(try bounded16(PlanLimits.nameBytes))
  }

  fileprivate mutating func tensor(_ version: UInt16) throws(WireError) -> PlanTensor {
    let name = try name()
    let start = position
    let code = try u8()
    let newest: UInt8 = version == 1 ? 3 : 4
    guard let element = PlanElement(rawValue: code), code <= newest else {
      throw .limitExceeded(at: start, value: UInt64(code), limit: UInt64(newest))
    }
    let shape = try shape(minimumRank: 1)
    return PlanTensor(
      name: name, element: element, shape: shape, arenaOffset: try bounded(PlanLimits.bytes),
      scale: try f32(), zeroPoint: try i32())
  }

  private mutating func shape(minimumRank: Int) throws(WireError) -> [Int] {
    let start = position
    let rank = Int(try u8())
    guard (minimumRank...PlanLimits.rank).contains(rank) else {
      throw .limitExceeded(at: start, value: UInt64(rank), limit: UInt64(PlanLimits.rank))
    }
    var shape: [Int] = []
    var elements = 1
    for _ in 0..<rank {
      let at = position
      let size = try bounded(PlanLimits.elements)
      let (product, overflow) = elements.multipliedReportingOverflow(by: size)
      guard !overflow, product <= PlanLimits.elements else { throw .overflow(at: at) }
      elements = product
      shape.append(size)
    }
    return shape
  }

  fileprivate mutating func indexes() throws(WireError) -> [TensorIndex] {
    var list: [TensorIndex] = []
    for _ in 0..<(try bounded16(PlanLimits.ports)) {
      list.append(TensorIndex(try bounded(PlanLimits.tensors)))
    }
    return list
  }

  fileprivate mutating func states() throws(WireError) -> [PlanState] {
    var list: [PlanState] = []
    for _ in 0..<(try bounded16(PlanLimits.ports)) {
      list.append(
        PlanState(
          read: TensorIndex(try bounded(PlanLimits.tensors)),
          written: TensorIndex(try bounded(PlanLimits.tensors)),
          initial: try array(try bounded(PlanLimits.bytes))))
    }
    return list
  }

  mutating func reference() throws(WireError) -> ConstantReference {
    ConstantReference(
      offset: try bounded(PlanLimits.bytes), byteCount: try bounded(PlanLimits.bytes))
  }

  private mutating func window() throws(WireError) -> Window {
    let limit = PlanLimits.window
    return Window(
      height: try bounded16(limit), width: try bounded16(limit),
      strideHeight: try bounded16(limit), strideWidth: try bounded16(limit),
      dilationHeight: try bounded16(limit), dilationWidth: try bounded16(limit),
      paddingTop: try bounded16(limit), paddingLeft: try bounded16(limit))
  }

  mutating func scale() throws(WireError) -> FixedPointScale {
    FixedPointScale(multiplier: try i32(), shift: try i32())
  }

  private mutating func requantization() throws(WireError) -> Requantization {
    let multipliers = try reference()
    let shifts = try reference()
    let start = position
    let code = try u8()
    guard let rounding = Requantization.Rounding(rawValue: code) else {
      throw .limitExceeded(at: start, value: UInt64(code), limit: 2)
    }
    return Requantization(
      multipliers: multipliers, shifts: shifts, rounding: rounding, outputZeroPoint: try i32(),
      minimum: try i32(), maximum: try i32())
  }

  mutating func convolution() throws(WireError) -> ConvolutionParameters {
    ConvolutionParameters(
      window: try window(), inputZeroPoint: try i32(), weights: try reference(),
      bias: try reference(), requantization: try requantization())
  }

  private mutating func requantization16x8() throws(WireError) -> Requantization16x8 {
    let multipliers = try reference()
    let shifts = try reference()
    let start = position
    let code = try u8()
    guard let rounding = Requantization16x8.Rounding(rawValue: code) else {
      throw .limitExceeded(at: start, value: UInt64(code), limit: 2)
    }
    return Requantization16x8(
      multipliers: multipliers, shifts: shifts, rounding: rounding, minimum: try i32(),
      maximum: try i32())
  }

  private mutating func convolution16x8() throws(WireError) -> Convolution16x8Parameters {
    Convolution16x8Parameters(
      window: try window(), weights: try reference(), bias: try reference(),
      requantization: try requantization16x8())
  }

  private mutating func pool() throws(WireError) -> PoolParameters {
    PoolParameters(window: try window(), minimum: try i32(), maximum: try i32())
  }

  private mutating func addition() throws(WireError) -> AdditionParameters {
    AdditionParameters(
      leftShift: try i32(), leftZeroPoint: try i32(), rightZeroPoint: try i32(),
      left: try scale(), right: try scale(), output: try scale(), outputZeroPoint: try i32(),
      minimum: try i32(), maximum: try i32())
  }

  private mutating func elementwise() throws(WireError) -> ElementwiseParameters {
    let start = position
    let code = try u8()
    guard let function = ElementwiseParameters.Function(rawValue: code) else {
      throw .limitExceeded(at: start, value: UInt64(code), limit: 8)
    }
    let arithmetic = try addition()
    let side = try u8()
    guard side <= 2 else { throw .limitExceeded(at: position - 1, value: UInt64(side), limit: 2) }
    guard side > 0 else {
      return ElementwiseParameters(function: function, arithmetic: arithmetic)
    }
    let shape = try shape(minimumRank: 0)
    let constant = ElementwiseParameters.Constant(
      isLeft: side == 1, shape: shape, elements: try reference())
    return ElementwiseParameters(function: function, arithmetic: arithmetic, constant: constant)
  }

  private mutating func permutation() throws(WireError) -> [Int] {
    let start = position
    let rank = Int(try u8())
    guard rank <= PlanLimits.rank else {
      throw .limitExceeded(at: start, value: UInt64(rank), limit: UInt64(PlanLimits.rank))
    }
    var axes: [Int] = []
    for _ in 0..<rank { axes.append(Int(try u8())) }
    return axes
  }

  private mutating func move() throws(WireError) -> MoveParameters {
    let fill = try i32()
    var blocks: [MoveBlock] = []
    for _ in 0..<(try bounded16(PlanLimits.moveBlocks)) {
      let operand = try bounded16(PlanLimits.ports)
      let sourceStart = try bounded(PlanLimits.elements)
      let resultStart = try bounded(PlanLimits.elements)
      let table = try reference()
      let start = position
      let rank = Int(try u8())
      guard rank <= PlanLimits.moveAxes else {
        throw .limitExceeded(at: start, value: UInt64(rank), limit: UInt64(PlanLimits.moveAxes))
      }
      var axes: [MoveAxis] = []
      for _ in 0..<rank {
        axes.append(
          MoveAxis(
            size: try bounded(PlanLimits.elements), sourceStep: Int(try i32()),
            resultStep: Int(try i32())))
      }
      blocks.append(
        MoveBlock(
          operand: operand, sourceStart: sourceStart, resultStart: resultStart, axes: axes,
          table: table.byteCount == 0 ? nil : table))
    }
    return MoveParameters(fill: fill, blocks: blocks)
  }

  private mutating func resize() throws(WireError) -> ResizeParameters {
    ResizeParameters(
      height: try bounded(PlanLimits.elements), width: try bounded(PlanLimits.elements),
      channels: try bounded(PlanLimits.elements), rows: try reference(), rowTaps: Int(try u8()),
      columns: try reference(), columnTaps: Int(try u8()))
  }

  /// A number that stands for one of a few cases.
  private mutating func code<Code: RawRepresentable & CaseIterable>(
    _ type: Code.Type
  ) throws(WireError) -> Code where Code.RawValue == UInt8 {
    let start = position
    let number = try u8()
    guard let code = Code(rawValue: number) else {
      throw .limitExceeded(
        at: start, value: UInt64(number), limit: UInt64(Code.allCases.count))
    }
    return code
  }

  private mutating func rowScales() throws(WireError) -> RecurrentParameters.RowScales {
    RecurrentParameters.RowScales(multipliers: try reference(), shifts: try reference())
  }

  private mutating func stateScale() throws(WireError) -> RecurrentParameters.StateScale {
    RecurrentParameters.StateScale(zeroPoint: try i32(), scale: try scale())
  }

  private mutating func sampledFunctions() throws(WireError) -> [RecurrentParameters
    .SampledFunction]
  {
    let start = position
    let count = try u8()
    guard count <= 3 else { throw .limitExceeded(at: start, value: UInt64(count), limit: 3) }
    var functions: [RecurrentParameters.SampledFunction] = []
    for _ in 0..<count {
      functions.append(
        RecurrentParameters.SampledFunction(samples: try reference(), exponent: Int(try u8())))
    }
    return functions
  }

  private mutating func recurrent() throws(WireError) -> RecurrentParameters {
    RecurrentParameters(
      cell: try code(RecurrentParameters.Cell.self),
      direction: try code(RecurrentParameters.Direction.self),
      result: try code(RecurrentParameters.Result.self), inputZeroPoint: try i32(),
      weights: try reference(), recurrentWeights: try reference(), bias: try reference(),
      inputScales: try rowScales(), recurrentScales: try rowScales(),
      functions: try sampledFunctions(), clip: try i32(), cellClip: try i32(),
      initialHidden: try reference(),
      initialCell: try reference(), hiddenOperand: try stateScale(),
      cellOperand: try stateScale(), outputScale: try scale(), outputZeroPoint: try i32())
  }

  /// - Parameter opcodes: the highest opcode of the plan's version.
  fileprivate mutating func operation(_ opcodes: UInt16) throws(WireError) -> PlanOperation {
    let start = position
    let opcode = try u16()
    guard opcode <= opcodes else {
      throw .limitExceeded(at: start, value: UInt64(opcode), limit: UInt64(opcodes))
    }
    switch opcode {
    case 1: return .convolution2D(try convolution())
    case 2: return .depthwiseConvolution2D(try convolution())
    case 3:
      return .fullyConnected(
        FullyConnectedParameters(
          inputZeroPoint: try i32(), weights: try reference(), bias: try reference(),
          requantization: try requantization()))
    case 4: return .addition(try addition())
    case 5: return .averagePool2D(try pool())
    case 6: return .maximumPool2D(try pool())
    case 7:
      return .spatialMean(
        SpatialMeanParameters(
          inputZeroPoint: try i32(), scale: try scale(), outputZeroPoint: try i32(),
          minimum: try i32(), maximum: try i32()))
    case 8: return .softmax(SoftmaxParameters(table: try reference()))
    case 9: return .transpose(TransposeParameters(permutation: try permutation()))
    case 10: return .lookup(LookupParameters(table: try reference()))
    case 11: return .convolution16x8(try convolution16x8())
    case 12: return .depthwiseConvolution16x8(try convolution16x8())
    case 13:
      return .fullyConnected16x8(
        FullyConnected16x8Parameters(
          weights: try reference(), bias: try reference(),
          requantization: try requantization16x8()))
    case 14: return .addition16(try addition())
    case 15:
      return .treeEnsemble(
        TreeEnsembleParameters(
          trees: try reference(), nodes: try reference(), leaves: try reference(),
          bias: try reference(), leafWidth: try bounded(PlanLimits.elements)))
    case 25: return .matrixProduct(try matrixProduct())
    case 26: return .reduction(try reduction())
    case 27: return .normalization(try normalization())
    case 28: return .transposedConvolution(try groupedConvolution())
    case 29: return .groupedConvolution(try groupedConvolution())
    case 16: return .elementwise(try elementwise())
    case 17: return .rescale(try rescale())
    case 20: return .move(try move())
    case 21: return .resize(try resize())
    case 30: return .recurrent(try recurrent())
    case 34: return .topClass
    default: throw .limitExceeded(at: start, value: UInt64(opcode), limit: UInt64(opcodes))
    }
  }
}
