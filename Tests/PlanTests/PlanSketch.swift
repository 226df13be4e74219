import DeviceRuntime
import Kernels
import PlanFormat
import Testing
import Wire

/// Builds a plan instruction by instruction: every tensor has its own bytes of the arena.
struct PlanSketch {
  var tensors: [PlanTensor] = []
  var instructions: [Instruction] = []
  var weights: [UInt8] = []
  private var arenaBytes = 0

  mutating func tensor(
    _ name: String, _ shape: [Int], element: PlanElement = .int8, scale: Float = 0.5,
    zeroPoint: Int32
  ) -> TensorIndex {
    let tensor = PlanTensor(
      name: name, element: element, shape: shape, arenaOffset: arenaBytes, scale: scale,
      zeroPoint: zeroPoint)
    arenaBytes += (tensor.byteCount + 63) / 64 * 64
    tensors.append(tensor)
    return TensorIndex(tensors.count - 1)
  }

  mutating func constant(_ bytes: [UInt8]) -> ConstantReference {
    while weights.count % 16 != 0 { weights.append(0) }
    defer { weights += bytes }
    return ConstantReference(offset: weights.count, byteCount: bytes.count)
  }

  mutating func constant(_ values: [Int8]) -> ConstantReference {
    constant(values.map { UInt8(bitPattern: $0) })
  }

  mutating func constant(_ values: [Int32]) -> ConstantReference {
    var writer = ByteWriter()
    for value in values { writer.i32(value) }
    return constant(writer.bytes)
  }

  mutating func constant(_ values: [UInt64]) -> ConstantReference {
    var writer = ByteWriter()
    for value in values { writer.u64(value) }
    return constant(writer.bytes)
  }

  /// Appends an instruction whose result is a new tensor.
  @discardableResult
  mutating func emit(
    _ name: String, _ operation: PlanOperation, _ inputs: [TensorIndex], _ shape: [Int],
    element: PlanElement = .int8, scale: Float = 0.5, zeroPoint: Int32
  ) -> TensorIndex {
    let output = tensor("\(name):0", shape, element: element, scale: scale, zeroPoint: zeroPoint)
    instructions.append(
      Instruction(name: name, operation: operation, inputs: inputs, output: output))
    return output
  }

  func plan(
    inputs: [TensorIndex], outputs: [TensorIndex], taps: [TensorIndex] = [],
    states: [PlanState] = []
  ) -> Plan {
    Plan(
      arenaBytes: arenaBytes, weightsBytes: weights.count, multiplyAccumulates: 12,
      tensors: tensors,
      inputs: inputs, outputs: outputs, taps: taps, states: states, instructions: instructions)
  }

  /// Runs the only instruction of the sketch on `values`, one array per input, on the scalar kernels
  /// and on every tier of this CPU, which must give the same.
  func run<Element: FixedWidthInteger, Result: FixedWidthInteger>(
    _ values: [[Element]], as result: Result.Type = Int8.self,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [Result] {
    let expected = try run(values, as: result, on: .scalar)
    for tier in KernelTier.available.dropFirst() {
      let got = try run(values, as: result, on: tier, threads: tier == .best ? 3 : 1)
      let first = zip(got, expected).enumerated().first { $1.0 != $1.1 }
      #expect(
        got == expected, "\(tier.name) differs from scalar, first at \(String(describing: first))",
        sourceLocation: sourceLocation)
    }
    log(
      inputs: values.flatMap { $0.withUnsafeBytes(Array.init) },
      output: expected.withUnsafeBytes(Array.init))
    return expected
  }

  /// Keeps the case for other CPUs.
  private func log(inputs: [UInt8], output: [UInt8]) {
    let instruction = instructions[0]
    let plan = plan(inputs: instruction.inputs, outputs: [instruction.output])
    CaseLog.add(plan: plan.encoded(), weights: weights, inputs: inputs, output: output)
  }

  /// Runs it on one tier.
  func run<Element: FixedWidthInteger, Result: FixedWidthInteger>(
    _ values: [[Element]], as result: Result.Type = Int8.self, on tier: KernelTier, threads: Int = 1
  ) throws -> [Result] {
    let instruction = instructions[0]
    let plan = plan(inputs: instruction.inputs, outputs: [instruction.output])
    let session = try Session(plan: plan.encoded(), weights: weights, tier: tier, threads: threads)
    for (position, elements) in values.enumerated() {
      elements.withUnsafeBytes { session.input(position).copyMemory(from: $0) }
    }
    session.run()
    return Array(session.output(0).bindMemory(to: Result.self))
  }
}

extension SplitMix64 {
  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  mutating func one<Element>(of list: [Element]) -> Element { list[int(0...list.count - 1)] }

  /// Activations: sometimes all at one extreme.
  mutating func activations(_ count: Int) -> [Int8] {
    switch int(0...9) {
    case 0: [Int8](repeating: -128, count: count)
    case 1: [Int8](repeating: 127, count: count)
    default: (0..<count).map { _ in Int8(bitPattern: byte()) }
    }
  }

  /// Weights −127…127: sometimes all at one extreme.
  mutating func weights(_ count: Int) -> [Int8] {
    switch int(0...9) {
    case 0: [Int8](repeating: -127, count: count)
    case 1: [Int8](repeating: 127, count: count)
    default: (0..<count).map { _ in Int8(int(-127...127)) }
    }
  }

  /// Weights that are never all alike.
  mutating func spreadWeights(_ count: Int) -> [Int8] {
    (0..<count).map { _ in Int8(int(-127...127)) }
  }

  mutating func zeroPoint() -> Int32 { Int32(one(of: [-128, 127, 0, int(-128...127)])) }

  mutating func biases(_ count: Int) -> [Int32] {
    let limit = one(of: [0, 100, 1 << 16, 1 << 28])
    return (0..<count).map { _ in Int32(int(-limit...limit)) }
  }

  /// A clamp: none, one side, both, or a single value.
  mutating func clamp() -> ClosedRange<Int32> {
    let a = Int32(int(-128...127))
    let b = Int32(int(-128...127))
    return one(of: [-128...127, -128...127, a...127, -128...a, min(a, b)...max(a, b), a...a])
  }

  /// A multiplier: the least, the largest, 0, or any.
  mutating func multiplier() -> Int32 {
    one(of: [
      1 << 30, .max, 0, Int32(int(1...1 << 30)), Int32(int(1 << 30...Int(Int32.max))),
      Int32(int(1 << 30...Int(Int32.max))), Int32(int(1 << 30...Int(Int32.max))),
    ])
  }
}
