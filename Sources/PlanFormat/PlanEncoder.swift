import Wire

extension Plan {
  /// Newest version of the binary form; every older one is read too.
  public static let formatVersion: UInt16 = 4
  static let magic: UInt32 = 0x4c50_5753  // "SWPL"

  /// The oldest version that has all this plan uses: what it is written as, so that a plan keeps its
  /// bytes while the format grows.
  public var requiredVersion: UInt16 {
    let operations = instructions.reduce(0) { max($0, $1.operation.opcode) }
    let oldest: UInt16 =
      !states.isEmpty ? 4 : tensors.contains { $0.element == .int64 } ? 2 : 1
    return (oldest..<Self.formatVersion).first { operations <= Self.opcodes($0) }
      ?? Self.formatVersion
  }

  /// The highest opcode of a version.
  static func opcodes(_ version: UInt16) -> UInt16 {
    switch version {
    case 1: 10
    case 2: 15
    default: 39
    }
  }

  /// The binary form (PlanFormat): little-endian, names length-prefixed, every field in the order of
  /// the declarations.
  public func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.u32(Self.magic)
    writer.u16(requiredVersion)
    writer.u16(0)
    writer.u32(UInt32(arenaBytes))
    writer.u32(UInt32(weightsBytes))
    writer.u64(UInt64(multiplyAccumulates))
    writer.u32(UInt32(tensors.count))
    for tensor in tensors { writer.tensor(tensor) }
    for list in [inputs, outputs, taps] { writer.indexes(list) }
    if !states.isEmpty { writer.states(states) }
    writer.u32(UInt32(instructions.count))
    for instruction in instructions {
      writer.name(instruction.name)
      writer.operation(instruction.operation)
      writer.indexes(instruction.inputs)
      writer.u32(UInt32(instruction.output.position))
    }
    return writer.bytes
  }
}

extension ByteWriter {
  fileprivate mutating func name(_ text: String) {
    // A longer name is cut between two characters: half of one would not be UTF-8.
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      let more = Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      guard bytes.count + more.count <= PlanLimits.nameBytes else { break }
      bytes += more
    }
    u16(UInt16(bytes.count))
    append(bytes)
  }

  fileprivate mutating func tensor(_ tensor: PlanTensor) {
    name(tensor.name)
    u8(tensor.element.rawValue)
    u8(UInt8(tensor.shape.count))
    for size in tensor.shape { u32(UInt32(size)) }
    u32(UInt32(tensor.arenaOffset))
    f32(tensor.scale)
    i32(tensor.zeroPoint)
  }

  fileprivate mutating func indexes(_ list: [TensorIndex]) {
    u16(UInt16(list.count))
    for index in list { u32(UInt32(index.position)) }
  }

  fileprivate mutating func states(_ states: [PlanState]) {
    u16(UInt16(states.count))
    for state in states {
      u32(UInt32(state.read.position))
      u32(UInt32(state.written.position))
      u32(UInt32(state.initial.count))
      append(state.initial)
    }
  }

  mutating func reference(_ reference: ConstantReference) {
    u32(UInt32(reference.offset))
    u32(UInt32(reference.byteCount))
  }

  fileprivate mutating func window(_ window: Window) {
    for value in [
      window.height, window.width, window.strideHeight, window.strideWidth, window.dilationHeight,
      window.dilationWidth, window.paddingTop, window.paddingLeft,
    ] { u16(UInt16(value)) }
  }

  mutating func scale(_ scale: FixedPointScale) {
    i32(scale.multiplier)
    i32(scale.shift)
  }

  fileprivate mutating func requantization(_ requantization: Requantization) {
    reference(requantization.multipliers)
    reference(requantization.shifts)
    u8(requantization.rounding.rawValue)
    i32(requantization.outputZeroPoint)
    i32(requantization.minimum)
    i32(requantization.maximum)
  }

  fileprivate mutating func convolution(_ parameters: ConvolutionParameters) {
    window(parameters.window)
    i32(parameters.inputZeroPoint)
    reference(parameters.weights)
    reference(parameters.bias)
    requantization(parameters.requantization)
  }

  private mutating func weighted(
    _ weights: ConstantReference, _ bias: ConstantReference, _ requantization: Requantization16x8
  ) {
    reference(weights)
    reference(bias)
    reference(requantization.multipliers)
    reference(requantization.shifts)
    u8(requantization.rounding.rawValue)
    i32(requantization.minimum)
    i32(requantization.maximum)
  }

  private mutating func addition(_ parameters: AdditionParameters) {
    i32(parameters.leftShift)
    i32(parameters.leftZeroPoint)
    i32(parameters.rightZeroPoint)
    for factor in [parameters.left, parameters.right, parameters.output] { scale(factor) }
    i32(parameters.outputZeroPoint)
    i32(parameters.minimum)
    i32(parameters.maximum)
  }

  private mutating func elementwise(_ parameters: ElementwiseParameters) {
    u8(parameters.function.rawValue)
    addition(parameters.arithmetic)
    guard let constant = parameters.constant else { return u8(0) }
    u8(constant.isLeft ? 1 : 2)
    u8(UInt8(constant.shape.count))
    for size in constant.shape { u32(UInt32(size)) }
    reference(constant.elements)
  }

  fileprivate mutating func pool(_ parameters: PoolParameters) {
    window(parameters.window)
    i32(parameters.minimum)
    i32(parameters.maximum)
  }

  private mutating func recurrent(_ parameters: RecurrentParameters) {
    for code in [
      parameters.cell.rawValue, parameters.direction.rawValue, parameters.result.rawValue,
    ] { u8(code) }
    i32(parameters.inputZeroPoint)
    for constant in [parameters.weights, parameters.recurrentWeights, parameters.bias] {
      reference(constant)
    }
    for scales in [parameters.inputScales, parameters.recurrentScales] {
      reference(scales.multipliers)
      reference(scales.shifts)
    }
    u8(UInt8(parameters.functions.count))
    for function in parameters.functions {
      reference(function.samples)
      u8(UInt8(function.exponent))
    }
    i32(parameters.clip)
    i32(parameters.cellClip)
    reference(parameters.initialHidden)
    reference(parameters.initialCell)
    for state in [parameters.hiddenOperand, parameters.cellOperand] {
      i32(state.zeroPoint)
      scale(state.scale)
    }
    scale(parameters.outputScale)
    i32(parameters.outputZeroPoint)
  }

  fileprivate mutating func operation(_ operation: PlanOperation) {
    u16(operation.opcode)
    switch operation {
    case .convolution2D(let parameters), .depthwiseConvolution2D(let parameters):
      convolution(parameters)
    case .fullyConnected(let parameters):
      i32(parameters.inputZeroPoint)
      reference(parameters.weights)
      reference(parameters.bias)
      requantization(parameters.requantization)
    case .addition(let parameters), .addition16(let parameters):
      addition(parameters)
    case .averagePool2D(let parameters), .maximumPool2D(let parameters):
      pool(parameters)
    case .spatialMean(let parameters):
      i32(parameters.inputZeroPoint)
      scale(parameters.scale)
      i32(parameters.outputZeroPoint)
      i32(parameters.minimum)
      i32(parameters.maximum)
    case .softmax(let parameters):
      reference(parameters.table)
    case .transpose(let parameters):
      u8(UInt8(parameters.permutation.count))
      for axis in parameters.permutation { u8(UInt8(axis)) }
    case .lookup(let parameters):
      reference(parameters.table)
    case .convolution16x8(let parameters), .depthwiseConvolution16x8(let parameters):
      window(parameters.window)
      weighted(parameters.weights, parameters.bias, parameters.requantization)
    case .fullyConnected16x8(let parameters):
      weighted(parameters.weights, parameters.bias, parameters.requantization)
    case .treeEnsemble(let parameters):
      for constant in [parameters.trees, parameters.nodes, parameters.leaves, parameters.bias] {
        reference(constant)
      }
      u32(UInt32(parameters.leafWidth))
    case .topClass: break
    case .matrixProduct(let parameters): matrixProduct(parameters)
    case .reduction(let parameters): reduction(parameters)
    case .normalization(let parameters): normalization(parameters)
    case .transposedConvolution(let parameters), .groupedConvolution(let parameters):
      convolution(parameters.convolution)
      u32(UInt32(parameters.groups))
    case .elementwise(let parameters):
      elementwise(parameters)
    case .rescale(let parameters): rescale(parameters)
    case .move(let parameters):
      move(parameters)
    case .resize(let parameters):
      for size in [parameters.height, parameters.width, parameters.channels] { u32(UInt32(size)) }
      reference(parameters.rows)
      u8(UInt8(parameters.rowTaps))
      reference(parameters.columns)
      u8(UInt8(parameters.columnTaps))
    case .recurrent(let parameters):
      recurrent(parameters)
    }
  }

  private mutating func move(_ parameters: MoveParameters) {
    i32(parameters.fill)
    u16(UInt16(parameters.blocks.count))
    for block in parameters.blocks {
      u16(UInt16(block.operand))
      u32(UInt32(block.sourceStart))
      u32(UInt32(block.resultStart))
      reference(block.table ?? ConstantReference(offset: 0, byteCount: 0))
      u8(UInt8(block.axes.count))
      for axis in block.axes {
        u32(UInt32(axis.size))
        i32(Int32(axis.sourceStep))
        i32(Int32(axis.resultStep))
      }
    }
  }
}

extension PlanOperation {
  /// Number in the binary form; never reused.
  var opcode: UInt16 {
    switch self {
    case .convolution2D: 1
    case .depthwiseConvolution2D: 2
    case .fullyConnected: 3
    case .addition: 4
    case .averagePool2D: 5
    case .maximumPool2D: 6
    case .spatialMean: 7
    case .softmax: 8
    case .transpose: 9
    case .lookup: 10
    case .convolution16x8: 11
    case .depthwiseConvolution16x8: 12
    case .fullyConnected16x8: 13
    case .addition16: 14
    case .treeEnsemble: 15
    case .matrixProduct: 25
    case .reduction: 26
    case .normalization: 27
    case .transposedConvolution: 28
    case .groupedConvolution: 29
    case .elementwise: 16
    case .rescale: 17
    case .move: 20
    case .resize: 21
    case .recurrent: 30
    case .topClass: 34
    }
  }
}
