import DeviceRuntime
import PlanFormat
import Testing
import Wire

/// One plan per rule of the validator, broken at one place: the refusal names the instruction.
@Suite("hostile plans") struct HostilePlanTests {
  typealias Edit = (inout Plan) -> Void

  private let sample = HostileSample(SamplePlan.everyOperation())

  /// Edits the convolution parameters of an instruction.
  private static func convolution(
    _ name: String, _ edit: @escaping (inout ConvolutionParameters) -> Void
  ) -> Edit {
    { plan in
      for index in plan.instructions.indices where plan.instructions[index].name == name {
        switch plan.instructions[index].operation {
        case .convolution2D(var parameters):
          edit(&parameters)
          plan.instructions[index].operation = .convolution2D(parameters)
        case .depthwiseConvolution2D(var parameters):
          edit(&parameters)
          plan.instructions[index].operation = .depthwiseConvolution2D(parameters)
        default: break
        }
      }
    }
  }

  private static func addition(_ edit: @escaping (inout AdditionParameters) -> Void) -> Edit {
    { plan in
      guard case .addition(var parameters) = plan.instructions[2].operation else { return }
      edit(&parameters)
      plan.instructions[2].operation = .addition(parameters)
    }
  }

  private static func pool(_ edit: @escaping (inout PoolParameters) -> Void) -> Edit {
    { plan in
      guard case .averagePool2D(var parameters) = plan.instructions[4].operation else { return }
      edit(&parameters)
      plan.instructions[4].operation = .averagePool2D(parameters)
    }
  }

  private static func mean(_ edit: @escaping (inout SpatialMeanParameters) -> Void) -> Edit {
    { plan in
      guard case .spatialMean(var parameters) = plan.instructions[7].operation else { return }
      edit(&parameters)
      plan.instructions[7].operation = .spatialMean(parameters)
    }
  }

  @Test func samplesAreAsTheTestsAssume() {
    let names = sample.plan.instructions.map(\.name)
    #expect(
      names == [
        "conv", "depthwise", "add", "max", "average", "look", "turn", "mean", "dense", "soft",
      ])
    #expect(sample.refusal() == "")
  }

  @Test func memory() {
    sample.expectRefusal("depthwise", "before it is written") {
      $0.instructions[1].inputs[0].position = 9
    }
    sample.expectRefusal("add", "before it is written") { $0.instructions.swapAt(1, 2) }
    sample.expectRefusal("look", "overwrites its own operand") {
      $0.tensors[$0.instructions[5].output.position].arenaOffset =
        $0.tensors[$0.instructions[5].inputs[0].position].arenaOffset
    }
    sample.expectRefusal("add", "before it is written") {
      // The depthwise result lands on what the addition still has to read.
      $0.instructions[1].inputs[0] = $0.inputs[0]
      guard case .depthwiseConvolution2D = $0.instructions[1].operation else { return }
      $0.instructions[1] = Instruction(
        name: "spoil", operation: .transpose(TransposeParameters(permutation: [0, 1, 2, 3])),
        inputs: [$0.inputs[0]], output: TensorIndex($0.tensors.count))
      var spoil = $0.tensors[0]
      spoil.arenaOffset = $0.tensors[1].arenaOffset
      $0.tensors.append(spoil)
    }
    sample.expectRefusal("conv", "does not exist") { $0.instructions[0].output.position = 4000 }
    sample.expectRefusal("conv", "does not exist") { $0.instructions[0].inputs[0].position = 11 }
    sample.expectRefusal("image", "leaves the arena") { $0.tensors[0].arenaOffset = $0.arenaBytes }
    sample.expectRefusal("image", "leaves the arena") { $0.tensors[0].arenaOffset = 32 }
    sample.expectRefusal("image", "leaves the arena") {
      $0.tensors[0].shape = [1, 1 << 13, 1 << 13, 1]
    }
    sample.expectRefusal("image", "empty") { $0.tensors[0].shape = [1, 0, 5, 3] }
    sample.expectRefusal("plan", "out of range") {
      $0.tensors[0].shape = [1, 1 << 20, 1 << 20, 1 << 20]
    }
    sample.expectRefusal("plan", "limit") { $0.arenaBytes = 1 << 30 }
    sample.expectRefusal("image", "scale") { $0.tensors[0].scale = .nan }
    sample.expectRefusal("image", "scale") { $0.tensors[0].scale = 0 }
    sample.expectRefusal("image", "zero point") { $0.tensors[0].zeroPoint = 128 }
    sample.expectRefusal("plan", "no input") { $0.inputs = [] }
    sample.expectRefusal("plan", "no input or no output") { $0.outputs = [] }
    sample.expectRefusal("output or tap", "which does not exist") { $0.taps[0].position = 77 }
    sample.expectRefusal("image", "survive") {
      let soft = $0.instructions[9].output.position
      $0.tensors[soft].arenaOffset = $0.tensors[0].arenaOffset
    }
  }

  @Test func windows() {
    typealias Change = (inout Window) -> Void
    let cases: [(rule: String, change: Change)] = [
      ("empty window or step", { $0.height = 0 }), ("empty window or step", { $0.width = 0 }),
      ("empty window or step", { $0.strideHeight = 0 }),
      ("empty window or step", { $0.strideWidth = 0 }),
      ("empty window or step", { $0.dilationHeight = 0 }),
      ("empty window or step", { $0.dilationWidth = 0 }),
      ("padding", { $0.paddingTop = 3 }), ("padding", { $0.paddingLeft = 3 }),
      ("padding", { $0.paddingTop = 4096 }),
      ("windows beyond its input", { $0.strideHeight = 2 }),
      ("windows beyond its input", { $0.strideWidth = 4096 }),
      ("limit", { $0.paddingLeft = 5000 }), ("constants of the wrong size", { $0.height = 2 }),
    ]
    for (rule, change) in cases {
      for name in ["conv", "depthwise"] {
        sample.expectRefusal(
          rule == "limit" ? "plan" : name, rule, Self.convolution(name) { change(&$0.window) })
      }
      let ofConstants = rule.contains("constants")
      if !ofConstants && rule != "windows beyond its input" {
        sample.expectRefusal(
          rule == "limit" ? "plan" : "average", rule, Self.pool { change(&$0.window) })
      }
    }
    sample.expectRefusal(
      "average", "too many",
      Self.pool {
        $0.window.height = 4096; $0.window.width = 4096
      })
    sample.expectRefusal("conv", "window over") { $0.tensors[0].shape = [6, 5, 3] }
    sample.expectRefusal("conv", "window over") { $0.tensors[0].shape = [2, 3, 5, 3] }
    sample.expectRefusal("max", "channel count") { $0.tensors[4].shape = [1, 2, 3, 7] }
    sample.expectRefusal("depthwise", "channels") { $0.tensors[2].shape = [1, 5, 6, 7] }
  }

  @Test func constants() {
    for name in ["conv", "depthwise"] {
      sample.expectRefusal(name, "outside", Self.convolution(name) { $0.weights.offset = 1 << 20 })
      sample.expectRefusal(name, "outside", Self.convolution(name) { $0.weights.offset += 1 })
      sample.expectRefusal(name, "wrong size", Self.convolution(name) { $0.weights.byteCount -= 1 })
      sample.expectRefusal(name, "wrong size", Self.convolution(name) { $0.bias.byteCount -= 4 })
      sample.expectRefusal(
        name, "other channels", Self.convolution(name) { $0.requantization.shifts.byteCount = 3 })
      sample.expectRefusal(
        name, "wrong size",
        Self.convolution(name) { $0.requantization.multipliers.byteCount = 4 })
      sample.expectRefusal(
        name, "outside", Self.convolution(name) { $0.requantization.shifts.offset = 1 << 28 })
      sample.expectRefusal(name, "zero point", Self.convolution(name) { $0.inputZeroPoint += 1 })
      sample.expectRefusal(
        name, "zero point", Self.convolution(name) { $0.requantization.outputZeroPoint = 128 })
      sample.expectRefusal(
        name, "clamp", Self.convolution(name) { $0.requantization.maximum = 128 })
      sample.expectRefusal(
        name, "clamp",
        Self.convolution(name) {
          $0.requantization.minimum = 5
          $0.requantization.maximum = 4
        })
    }
    sample.expectRefusal("weights section", "bytes") { $0.weightsBytes += 16 }
    for (position, name) in [(5, "look"), (9, "soft")] {
      sample.expectRefusal(name, "wrong size") { plan in
        let short = ConstantReference(offset: 0, byteCount: 255)
        plan.instructions[position].operation =
          position == 5
          ? .lookup(LookupParameters(table: short)) : .softmax(SoftmaxParameters(table: short))
      }
    }
  }

  @Test func arithmetic() {
    sample.expectRefusal("add", "shift out of range", Self.addition { $0.leftShift = 21 })
    sample.expectRefusal("add", "shift out of range", Self.addition { $0.leftShift = -1 })
    sample.expectRefusal("add", "scales an operand up", Self.addition { $0.left.shift = 1 })
    sample.expectRefusal("add", "scales an operand up", Self.addition { $0.right.shift = 30 })
    sample.expectRefusal("add", "scale out of range", Self.addition { $0.right.shift = -32 })
    sample.expectRefusal("add", "scale out of range", Self.addition { $0.output.shift = 31 })
    sample.expectRefusal("add", "scale out of range", Self.addition { $0.output.multiplier = -1 })
    sample.expectRefusal("add", "zero point", Self.addition { $0.leftZeroPoint ^= 1 })
    sample.expectRefusal("add", "zero point", Self.addition { $0.rightZeroPoint ^= 1 })
    sample.expectRefusal("add", "zero point", Self.addition { $0.outputZeroPoint = -129 })
    sample.expectRefusal("add", "clamp", Self.addition { $0.minimum = -129 })
    sample.expectRefusal("add", "number of operands") { $0.instructions[2].inputs.removeLast() }
    sample.expectRefusal("add", "number of operands") { $0.instructions[2].inputs = [] }
    sample.expectRefusal("conv", "number of operands") { $0.instructions[0].inputs = [] }
    sample.expectRefusal("conv", "number of operands") { $0.instructions[0].inputs += $0.inputs }
    sample.expectRefusal("mean", "zero point", Self.mean { $0.inputZeroPoint = 0 })
    sample.expectRefusal("mean", "zero point", Self.mean { $0.outputZeroPoint = 1000 })
    sample.expectRefusal("mean", "scale", Self.mean { $0.scale.shift = 31 })
    sample.expectRefusal("mean", "clamp", Self.mean { $0.maximum = .max })
    sample.expectRefusal("add", "sizes") { $0.tensors[3].shape = [1, 6, 5, 7] }
    sample.expectRefusal("turn", "permute") { plan in
      plan.instructions[6].operation = .transpose(TransposeParameters(permutation: [0, 1, 1, 3]))
    }
    sample.expectRefusal("turn", "permute") { plan in
      plan.instructions[6].operation = .transpose(TransposeParameters(permutation: [0, 2, 1]))
    }
    sample.expectRefusal("turn", "permute") { plan in
      plan.instructions[6].operation = .transpose(TransposeParameters(permutation: [0, 3, 1, 2]))
    }
    sample.expectRefusal("look", "element count") { $0.tensors[6].shape = [1, 4, 3, 7] }
    sample.expectRefusal("soft", "shape") { $0.tensors[10].shape = [4, 1] }
    sample.expectRefusal("dense", "item count") { $0.tensors[9].shape = [2, 4] }
    sample.expectRefusal("mean", "average") { $0.tensors[8].shape = [1, 7] }
    sample.expectRefusal("conv", "element type") {
      $0.tensors[0].element = .int16
      $0.tensors[0].zeroPoint = 0
      $0.tensors[0].arenaOffset = $0.arenaBytes
      $0.arenaBytes += 4096
    }
  }

  /// A product of sizes that leaves every integer is refused before it is formed.
  @Test func oversizedProducts() throws {
    var sketch = PlanSketch()
    let x = sketch.tensor("x", [1, 1 << 26], zeroPoint: 0)
    let none = sketch.constant([0, 0, 0, 0] as [UInt8])
    let parameters = FullyConnectedParameters(
      inputZeroPoint: 0, weights: none, bias: none,
      requantization: Requantization(
        multipliers: none, shifts: none, rounding: .once, outputZeroPoint: 0, minimum: 0,
        maximum: 0))
    sketch.emit("dense", .fullyConnected(parameters), [x], [1, 1 << 26], zeroPoint: 0)
    let bytes = sketch.plan(inputs: [x], outputs: [TensorIndex(1)]).encoded()
    let error = #expect(throws: PlanError.self) { try Plan(decoding: bytes) }
    #expect(error?.message.contains("dense has too many weights") == true)
  }

  /// The sums a kernel keeps in 32 bits.
  @Test func accumulators() throws {
    for bias in [Int32.min, .max, 2_147_451_263, 2_147_451_262] {
      var sketch = PlanSketch()
      let x = sketch.tensor("x", [1, 1], zeroPoint: -128)
      let parameters = FullyConnectedParameters(
        inputZeroPoint: -128, weights: sketch.constant([-127] as [Int8]),
        bias: sketch.constant([bias]),
        requantization: Requantization(
          multipliers: sketch.constant([1 << 30] as [Int32]),
          shifts: sketch.constant([-20] as [Int8]), rounding: .once, outputZeroPoint: 0,
          minimum: -128, maximum: 127))
      sketch.emit("dense", .fullyConnected(parameters), [x], [1, 1], zeroPoint: 0)
      // 127 · 255 = 32385 is what is left of 2^31 − 1 beside the last of these.
      let fits = Int64(bias.magnitude) + 127 * 255 < 1 << 31
      do {
        _ = try sketch.run([[127 as Int8]])
        #expect(fits, "\(bias)")
      } catch let error as RuntimeError {
        #expect(!fits && error.message.contains("dense") && error.message.contains("overflow"))
      }
    }
  }

  /// Scales and tables are constants: the weights section decides.
  @Test(arguments: [-32, 31, -128, 127] as [Int8]) func shiftsOutOfRange(shift: Int8) {
    expectBadConstants(multiplier: 1 << 30, shift: shift)
  }

  @Test(arguments: [-1, .min] as [Int32]) func negativeMultipliers(multiplier: Int32) {
    expectBadConstants(multiplier: multiplier, shift: 0)
  }

  private func expectBadConstants(multiplier: Int32, shift: Int8) {
    var sketch = PlanSketch()
    let x = sketch.tensor("x", [1, 1, 1, 1], zeroPoint: 0)
    let parameters = ConvolutionParameters(
      window: Window(height: 1, width: 1), inputZeroPoint: 0,
      weights: sketch.constant([1] as [Int8]), bias: sketch.constant([0] as [Int32]),
      requantization: Requantization(
        multipliers: sketch.constant([multiplier]), shifts: sketch.constant([shift]),
        rounding: .twice, outputZeroPoint: 0, minimum: -128, maximum: 127))
    sketch.emit("conv", .convolution2D(parameters), [x], [1, 1, 1, 1], zeroPoint: 0)
    let error = #expect(throws: RuntimeError.self) { _ = try sketch.run([[1 as Int8]]) }
    #expect(error?.message.contains("conv has weights or scales") == true)
  }

  @Test func softmaxTablesMustFall() {
    var tables = [ExponentialTable.make(scale: 0.1), ExponentialTable.make(scale: 0.1)]
    tables[0][0] -= 1
    tables[1][7] = tables[1][6] + 1
    tables.append([UInt64](repeating: .max, count: 256))
    for table in tables {
      var sketch = PlanSketch()
      let x = sketch.tensor("x", [1, 3], zeroPoint: 0)
      let parameters = SoftmaxParameters(table: sketch.constant(table))
      sketch.emit("soft", .softmax(parameters), [x], [1, 3], zeroPoint: -128)
      let error = #expect(throws: RuntimeError.self) { _ = try sketch.run([[1, 2, 3] as [Int8]]) }
      #expect(error?.message.contains("soft") == true)
    }
  }
}
