import Kernels
import ModelGraph
import PlanFormat

/// Takes channels out of a plan whose value never changes: training leaves filters without weights
/// (VWW of MLPerf Tiny: up to nine in ten), and whatever such a channel adds to the next layer is a
/// constant of that layer's bias. The outputs stay the same to the bit.
///
/// Only tensors between convolutions are touched: inputs, outputs and taps keep their shapes.
struct ConstantChannels {
  /// Kernels compute this many channels together on every instruction set; fewer cost the same.
  private static let together = 16

  private let model: LoweredModel
  private var plan: Plan { model.plan }
  /// Of a tensor, the channels that are constant, and their values.
  private var constants: [Int: [Int: Int32]] = [:]
  /// Of a tensor, the channels to take out.
  private var removed: [Int: Set<Int>] = [:]

  /// The model without them.
  static func removed(from model: LoweredModel) -> LoweredModel {
    var pass = ConstantChannels(model)
    pass.findConstants()
    pass.chooseRemoved()
    return pass.removed.values.allSatisfy(\.isEmpty) ? model : pass.rewritten() ?? model
  }

  private init(_ model: LoweredModel) { self.model = model }

  // MARK: What is constant

  private mutating func findConstants() {
    for instruction in plan.instructions {
      guard let layer = WindowedLayer(instruction, in: model) else { continue }
      let inputs = constants[instruction.inputs[0].position] ?? [:]
      var found: [Int: Int32] = [:]
      for channel in 0..<layer.channels {
        if let sum = layer.constantSum(channel, given: inputs) {
          found[channel] = layer.output(of: sum, channel)
        }
      }
      constants[instruction.output.position] = found
    }
  }

  // MARK: What can go

  /// Tensors on both sides of a depthwise layer lose the same channels: they form a group.
  private mutating func chooseRemoved() {
    var group = Array(plan.tensors.indices)
    for instruction in plan.instructions {
      guard case .depthwiseConvolution2D = instruction.operation else { continue }
      let (from, to) = (group[instruction.inputs[0].position], group[instruction.output.position])
      for tensor in group.indices where group[tensor] == to { group[tensor] = from }
    }
    for root in Set(group) {
      let members = group.indices.filter { group[$0] == root }
      var candidates = removable(members[0])
      for member in members.dropFirst() { candidates.formIntersection(removable(member)) }
      let channels = plan.tensors[members[0]].shape.last ?? 0
      let kept = channels - candidates.count
      let wanted = min((kept + Self.together - 1) / Self.together * Self.together, channels)
      // A plan has no empty tensor.
      let staying = candidates.sorted().prefix(max(wanted, 1) - kept)
      candidates.subtract(staying)
      for member in members { removed[member] = candidates }
    }
  }

  /// Constant channels of a tensor that every dense consumer can do without.
  private func removable(_ tensor: Int) -> Set<Int> {
    let index = TensorIndex(tensor)
    let producers = plan.instructions.filter { $0.output == index }
    let consumers = plan.instructions.filter { $0.inputs.contains(index) }
    let fixed =
      plan.inputs + plan.outputs + plan.taps + plan.states.flatMap { [$0.read, $0.written] }
    guard let values = constants[tensor], producers.count == 1, !consumers.isEmpty,
      !fixed.contains(index), !hasAlias(tensor),
      !consumers.contains(where: { WindowedLayer($0, in: model) == nil })
    else { return [] }
    var channels = Set(values.keys)
    for consumer in consumers {
      guard let layer = WindowedLayer(consumer, in: model) else { return [] }
      // A depthwise consumer decides by its own output, which is in the same group.
      guard !layer.isDepthwise else {
        if layer.input.shape[3] != layer.channels { return [] }
        continue
      }
      channels = channels.filter { layer.absorbs($0, value: values[$0] ?? 0) }
    }
    return channels
  }

  /// A reshaped tensor is another record of the same bytes, read though nothing writes it.
  private func hasAlias(_ tensor: Int) -> Bool {
    let offset = plan.tensors[tensor].arenaOffset
    let written = Set(plan.instructions.map(\.output.position))
    let inputs = Set((plan.inputs + plan.states.map(\.read)).map(\.position))
    return plan.instructions.flatMap(\.inputs).contains { read in
      plan.tensors[read.position].arenaOffset == offset && !written.contains(read.position)
        && !inputs.contains(read.position)
    }
      || (plan.outputs + plan.taps + plan.states.map(\.written)).contains {
        plan.tensors[$0.position].arenaOffset == offset
      }
  }

  // MARK: The plan without it

  /// Nil if a bias would leave 32 bits.
  private func rewritten() -> LoweredModel? {
    var builder = PlanBuilder()
    var tensors = plan.tensors
    for (tensor, channels) in removed {
      tensors[tensor].shape[tensors[tensor].shape.count - 1] -= channels.count
    }
    var saved = 0
    for instruction in plan.instructions {
      guard let layer = WindowedLayer(instruction, in: model) else {
        builder.emit(moved(instruction, into: &builder))
        continue
      }
      let input = instruction.inputs[0].position
      guard
        let parameters = layer.rewritten(
          without: removed[instruction.output.position] ?? [],
          inputs: removed[input] ?? [], values: constants[input] ?? [:], into: &builder)
      else { return nil }
      var instruction = instruction
      let before = layer.multiplyAccumulates(
        plan.tensors[input], plan.tensors[instruction.output.position])
      let after = layer.multiplyAccumulates(
        tensors[input], tensors[instruction.output.position])
      saved += before - after
      instruction.operation =
        layer.isDepthwise ? .depthwiseConvolution2D(parameters) : .convolution2D(parameters)
      builder.emit(instruction)
    }
    var plan = plan
    plan.tensors = tensors
    plan.instructions = builder.instructions
    plan.weightsBytes = builder.weights.count
    plan.multiplyAccumulates -= saved
    return LoweredModel(plan: plan, weights: builder.weights)
  }

  /// An instruction that stays as it is, with its constants in the new section.
  private func moved(_ instruction: Instruction, into builder: inout PlanBuilder) -> Instruction {
    var instruction = instruction
    instruction.operation = instruction.operation.replacingConstants { reference in
      builder.constant(Array(model.bytes(reference)))
    }
    return instruction
  }
}

extension LoweredModel {
  fileprivate func bytes(_ reference: ConstantReference) -> ArraySlice<UInt8> {
    weights[reference.offset..<reference.offset + reference.byteCount]
  }

  fileprivate func words(_ reference: ConstantReference) -> [Int32] {
    let bytes = Array(bytes(reference))
    return stride(from: 0, to: bytes.count, by: 4).map { start in
      (0..<4).reduce(Int32(0)) { $0 | Int32(bytes[start + $1]) << Int32(8 * $1) }
    }
  }
}

/// A convolution of either kind with its constants read.
private struct WindowedLayer {
  let isDepthwise: Bool
  let parameters: ConvolutionParameters
  let input: PlanTensor
  let channels: Int
  /// [O, KH, KW, I], or [KH, KW, C] of a depthwise layer.
  private let weights: [Int8]
  private let bias: [Int32]
  private let multipliers: [Int32]
  private let shifts: [Int32]
  /// No window reaches into the padding.
  private let isInside: Bool

  init?(_ instruction: Instruction, in model: LoweredModel) {
    switch instruction.operation {
    case .convolution2D(let parameters):
      (isDepthwise, self.parameters) = (false, parameters)
    case .depthwiseConvolution2D(let parameters):
      (isDepthwise, self.parameters) = (true, parameters)
    default: return nil
    }
    input = model.plan.tensors[instruction.inputs[0].position]
    let output = model.plan.tensors[instruction.output.position]
    channels = output.shape[3]
    weights = model.bytes(parameters.weights).map { Int8(bitPattern: $0) }
    bias = model.words(parameters.bias)
    multipliers = model.words(parameters.requantization.multipliers)
    shifts = model.bytes(parameters.requantization.shifts).map { Int32(Int8(bitPattern: $0)) }
    let window = parameters.window
    isInside =
      window.paddingTop == 0 && window.paddingLeft == 0
      && (output.shape[1] - 1) * window.strideHeight + (window.height - 1) * window.dilationHeight
        < input.shape[1]
      && (output.shape[2] - 1) * window.strideWidth + (window.width - 1) * window.dilationWidth
        < input.shape[2]
  }

  private var taps: Int { parameters.window.height * parameters.window.width }
  private var depth: Int { input.shape[3] }

  /// Σ over the taps of an output channel's weights for an input channel, and whether any is not 0.
  private func weight(_ channel: Int, _ source: Int) -> (sum: Int64, isAny: Bool) {
    var (sum, isAny) = (Int64(0), false)
    for tap in 0..<taps {
      let weight =
        isDepthwise
        ? weights[tap * channels + channel] : weights[(channel * taps + tap) * depth + source]
      sum += Int64(weight)
      isAny = isAny || weight != 0
    }
    return (sum, isAny)
  }

  /// What a constant input channel adds to an accumulator everywhere; nil where padding makes it
  /// differ from place to place.
  private func contribution(_ channel: Int, _ source: Int, value: Int32) -> Int64? {
    let (sum, isAny) = weight(channel, source)
    let offset = Int64(value - parameters.inputZeroPoint)
    if !isAny || offset == 0 { return 0 }
    return isInside ? sum * offset : nil
  }

  /// The accumulator of an output channel that is the same everywhere, or nil.
  func constantSum(_ channel: Int, given constants: [Int: Int32]) -> Int64? {
    var sum = Int64(bias[channel])
    let sources = isDepthwise ? [channel * depth / channels] : Array(0..<depth)
    for source in sources {
      if let value = constants[source] {
        guard let part = contribution(channel, source, value: value) else { return nil }
        sum += part
      } else if weight(channel, source).isAny {
        return nil
      }
    }
    return sum
  }

  /// The output for an accumulator.
  func output(of sum: Int64, _ channel: Int) -> Int32 {
    let entry = multipliers.count == 1 ? 0 : channel
    let requantization = parameters.requantization
    let scaled = FixedPoint.scale(
      Int32(sum), multipliers[entry], shifts[entry], requantization.rounding)
    return Int32(
      FixedPoint.clamp(
        scaled &+ requantization.outputZeroPoint, requantization.minimum, requantization.maximum))
  }

  /// Whether a dense layer can take a constant input channel into its bias.
  func absorbs(_ source: Int, value: Int32) -> Bool {
    (0..<channels).allSatisfy { contribution($0, source, value: value) != nil }
  }

  func multiplyAccumulates(_ input: PlanTensor, _ output: PlanTensor) -> Int {
    output.elementCount * taps * (isDepthwise ? 1 : input.shape[3])
  }

  /// The parameters without output channels, and without input channels whose part goes to the bias.
  func rewritten(
    without removed: Set<Int>, inputs: Set<Int>, values: [Int: Int32],
    into builder: inout PlanBuilder
  ) -> ConvolutionParameters? {
    let kept = (0..<channels).filter { !removed.contains($0) }
    var biases: [Int32] = []
    for channel in kept {
      var sum = Int64(bias[channel])
      if !isDepthwise {
        for source in inputs {
          sum += contribution(channel, source, value: values[source] ?? 0) ?? 0
        }
      }
      guard let exact = Int32(exactly: sum) else { return nil }
      biases.append(exact)
    }
    var elements: [Int8] = []
    if isDepthwise {
      for tap in 0..<taps { elements += kept.map { weights[tap * channels + $0] } }
    } else {
      let sources = (0..<depth).filter { !inputs.contains($0) }
      for channel in kept {
        for tap in 0..<taps {
          elements += sources.map { weights[(channel * taps + tap) * depth + $0] }
        }
      }
    }
    let isPerChannel = multipliers.count > 1
    var result = parameters
    result.weights = builder.constant(elements.map { UInt8(bitPattern: $0) })
    result.bias = builder.constant(Self.littleEndian(biases))
    result.requantization.multipliers = builder.constant(
      Self.littleEndian(isPerChannel ? kept.map { multipliers[$0] } : multipliers))
    result.requantization.shifts = builder.constant(
      (isPerChannel ? kept.map { shifts[$0] } : shifts).map { UInt8(bitPattern: Int8($0)) })
    return result
  }

  private static func littleEndian(_ values: [Int32]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  }
}
