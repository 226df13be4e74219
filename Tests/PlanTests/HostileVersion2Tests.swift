import DeviceRuntime
import PlanFormat
import TestSupport
import Testing
import Wire

/// The rules of what came with version 2, each broken at one place.
@Suite("hostile 16x8 and trees") struct HostileVersion2Tests {
  private let sample = HostileSample(SamplePlan.version2())

  private static func convolution(
    _ plan: inout Plan, _ name: String, _ change: (inout Convolution16x8Parameters) -> Void
  ) {
    plan.edit(name) { operation in
      switch operation {
      case .convolution16x8(var parameters):
        change(&parameters)
        operation = .convolution16x8(parameters)
      case .depthwiseConvolution16x8(var parameters):
        change(&parameters)
        operation = .depthwiseConvolution16x8(parameters)
      default: break
      }
    }
  }

  private static func dense(
    _ plan: inout Plan, _ change: (inout FullyConnected16x8Parameters) -> Void
  ) {
    plan.edit("dense16") { operation in
      guard case .fullyConnected16x8(var parameters) = operation else { return }
      change(&parameters)
      operation = .fullyConnected16x8(parameters)
    }
  }

  private static func addition(
    _ plan: inout Plan, _ change: (inout AdditionParameters) -> Void
  ) {
    plan.edit("add16") { operation in
      guard case .addition16(var parameters) = operation else { return }
      change(&parameters)
      operation = .addition16(parameters)
    }
  }

  private static func trees(
    _ plan: inout Plan, _ change: (inout TreeEnsembleParameters) -> Void
  ) {
    plan.edit("trees") { operation in
      guard case .treeEnsemble(var parameters) = operation else { return }
      change(&parameters)
      operation = .treeEnsemble(parameters)
    }
  }

  @Test func sampleIsAccepted() { #expect(sample.refusal() == "") }

  @Test func convolutions() {
    for name in ["conv16", "depthwise16"] {
      sample.expectRefusal(name, "wrong size") {
        Self.convolution(&$0, name) { $0.weights.byteCount -= 1 }
      }
      sample.expectRefusal(name, "wrong size") {
        Self.convolution(&$0, name) { $0.bias.byteCount = 16 }
      }
      sample.expectRefusal(name, "outside") { Self.convolution(&$0, name) { $0.bias.offset += 8 } }
      sample.expectRefusal(name, "outside") {
        Self.convolution(&$0, name) { $0.weights.offset = 1 << 28 }
      }
      sample.expectRefusal(name, "wrong size") {
        Self.convolution(&$0, name) { $0.requantization.multipliers.byteCount = 8 }
      }
      sample.expectRefusal(name, "other channels") {
        Self.convolution(&$0, name) { $0.requantization.shifts.byteCount = 3 }
      }
      sample.expectRefusal(name, "clamp") {
        Self.convolution(&$0, name) { $0.requantization.maximum = 32768 }
      }
      sample.expectRefusal(name, "clamp") {
        Self.convolution(&$0, name) { $0.requantization.minimum = -32769 }
      }
      sample.expectRefusal(name, "padding") {
        Self.convolution(&$0, name) { $0.window.paddingTop = 3 }
      }
      sample.expectRefusal(name, "beyond") {
        Self.convolution(&$0, name) { $0.window.strideWidth = 2 }
      }
      sample.expectRefusal(name, "number of operands") {
        $0.instructions[name == "conv16" ? 0 : 1].inputs += $0.inputs
      }
    }
    sample.expectRefusal("depthwise16", "channels") { $0.tensors[2].shape = [1, 4, 4, 5] }
  }

  @Test func denseAndSums() {
    sample.expectRefusal("dense16", "wrong size") { Self.dense(&$0) { $0.weights.byteCount += 1 } }
    sample.expectRefusal("dense16", "wrong size") { Self.dense(&$0) { $0.bias.byteCount = 12 } }
    sample.expectRefusal("dense16", "clamp") {
      Self.dense(&$0) { $0.requantization.minimum = 1 << 20 }
    }
    sample.expectRefusal("dense16", "item count") { $0.tensors[4].shape = [1, 3, 4, 3] }
    sample.expectRefusal("add16", "shift out of range") { Self.addition(&$0) { $0.leftShift = 16 } }
    sample.expectRefusal("add16", "scales an operand up") {
      Self.addition(&$0) { $0.left.shift = 1 }
    }
    sample.expectRefusal("add16", "zero point") { Self.addition(&$0) { $0.leftZeroPoint = 1 } }
    sample.expectRefusal("add16", "zero point") { Self.addition(&$0) { $0.outputZeroPoint = 1 } }
    sample.expectRefusal("add16", "clamp") { Self.addition(&$0) { $0.maximum = 40_000 } }
    sample.expectRefusal("add16", "sizes") { $0.tensors[3].shape = [1, 5, 4, 3] }
    sample.expectRefusal("add16", "number of operands") { $0.instructions[2].inputs.removeLast() }
    sample.expectRefusal("wave", "zero point") { $0.tensors[0].zeroPoint = 1 }
  }

  /// Each element an operation does not serve, at each of its tensors.
  @Test func elements() {
    for element in [PlanElement.int8, .int16, .int32, .int64] {
      for tensor in 0..<7 {
        let served: [PlanElement] =
          switch tensor {
          case 5: [.int16, .int32]
          case 6: [.int32, .int64]
          default: [.int16]
          }
        guard !served.contains(element) else { continue }
        sample.expectRefusal("", "element type") {
          $0.tensors[tensor].element = element
          $0.tensors[tensor].arenaOffset = $0.arenaBytes
          $0.arenaBytes += 4096
        }
      }
    }
    sample.expectRefusal("conv16", "element type") {
      let none = ConstantReference(offset: 0, byteCount: 256)
      $0.instructions[0].operation = .lookup(LookupParameters(table: none))
    }
  }

  @Test func treeShapes() {
    sample.expectRefusal("trees", "another width") { Self.trees(&$0) { $0.leafWidth = 0 } }
    sample.expectRefusal("trees", "another width") { Self.trees(&$0) { $0.leafWidth = 3 } }
    sample.expectRefusal("trees", "wrong size") { Self.trees(&$0) { $0.nodes.byteCount -= 1 } }
    sample.expectRefusal("trees", "wrong size") { Self.trees(&$0) { $0.trees.byteCount -= 4 } }
    sample.expectRefusal("trees", "wrong size") { Self.trees(&$0) { $0.leaves.byteCount -= 1 } }
    sample.expectRefusal("trees", "wrong size") { Self.trees(&$0) { $0.bias.byteCount = 8 } }
    sample.expectRefusal("trees", "no trees") { Self.trees(&$0) { $0.trees.byteCount = 0 } }
    sample.expectRefusal("trees", "no trees") { Self.trees(&$0) { $0.nodes.byteCount = 0 } }
    sample.expectRefusal("trees", "no trees") { Self.trees(&$0) { $0.leaves.byteCount = 0 } }
    sample.expectRefusal("trees", "outside") { Self.trees(&$0) { $0.nodes.offset = 1 << 28 } }
    sample.expectRefusal("trees", "item count") { $0.tensors[6].shape = [1, 4] }
    sample.expectRefusal("trees", "number of operands") { $0.instructions[4].inputs = [] }
    // The tables stay, the shapes say less.
    sample.expectRefusal("trees", "does not end") {
      $0.tensors[5].shape = [3, 2]; $0.tensors[6].shape = [3, 2]
    }
    sample.expectRefusal("trees", "does not end") { Self.trees(&$0) { $0.trees.byteCount = 16 } }
    sample.expectRefusal("trees", "does not end") { Self.trees(&$0) { $0.leaves.byteCount = 64 } }
  }

  /// One word of a small ensemble replaced: nodes 0 (f0 ≤ 1 → 1, else 4), 1 (f1 ≤ 2 → 2, else 3),
  /// leaves 2, 3, 4; then a tree of one leaf.
  private func refusal(tree: (Int, Int32)? = nil, node: (Int, Int32)? = nil) throws -> String {
    var tables = TreeTables(bias: [0, 0], leafWidth: 1)
    tables.append(
      .split(
        feature: 0, threshold: 1,
        left: .split(feature: 1, threshold: 2, left: .leaf([1]), right: .leaf([2])),
        right: .leaf([3])), firstOutput: 0)
    tables.append(.leaf([4]), firstOutput: 1)
    #expect(tables.nodes.prefix(6) == [0, 1, 4, 1, 2, 2] && tables.trees == [0, 0, 5, 1])
    if let (position, value) = tree { tables.trees[position] = value }
    if let (position, value) = node { tables.nodes[position] = value }
    let sketch = tables.sketch(items: 1, features: 2, rank: .int16, sum: .int32)
    do throws(RuntimeError) {
      let plan = sketch.plan(inputs: [TensorIndex(0)], outputs: [TensorIndex(1)])
      _ = try Session(plan: plan.encoded(), weights: sketch.weights)
      return ""
    } catch {
      return error.message
    }
  }

  @Test func treePaths() throws {
    #expect(try refusal() == "")
    #expect(try refusal(node: (1, .min)) == "")
    let nodes: [(Int, Int32)] = [
      (0, 2), (0, .max), (0, -1), (0, -2), (0, .min), (2, 0), (2, 1), (2, -1), (2, 5), (2, .max),
      (2, .min), (3, 2), (5, 4), (5, 0), (6, 0), (6, -2), (7, 1), (7, -1), (7, .max), (8, 1),
      (8, -2), (10, 0), (12, 0), (13, 1), (15, 0), (16, 4), (16, 2), (17, 1),
    ]
    for (position, value) in nodes {
      let message = try refusal(node: (position, value))
      #expect(message.contains("does not end"), "node word \(position) = \(value): \(message)")
    }
    let trees: [(Int, Int32)] = [
      (0, 1), (0, -1), (0, .min), (0, .max), (1, 2), (1, -1), (1, .max), (2, 0), (2, -1), (2, 6),
      (2, 4), (2, .max), (3, 2), (3, .min),
    ]
    for (position, value) in trees {
      let message = try refusal(tree: (position, value))
      #expect(message.contains("does not end"), "tree word \(position) = \(value): \(message)")
    }
  }

  /// The largest sum that fits, and one more; the least element, which has no magnitude of its own.
  @Test func treeSums() throws {
    func isRefused(_ bias: Int64, _ leaves: [Int64], _ sum: PlanElement) throws -> Bool {
      var tables = TreeTables(bias: [bias], leafWidth: 1)
      for leaf in leaves {
        tables.append(
          .split(feature: 0, threshold: 0, left: .leaf([leaf]), right: .leaf([0])), firstOutput: 0)
      }
      let sketch = tables.sketch(items: 1, features: 1, rank: .int16, sum: sum)
      let plan = sketch.plan(inputs: [TensorIndex(0)], outputs: [TensorIndex(1)])
      do throws(RuntimeError) {
        _ = try Session(plan: plan.encoded(), weights: sketch.weights)
        return false
      } catch {
        #expect(error.message.contains("trees has leaves whose sum could overflow"))
        return true
      }
    }
    let (int32, int64) = (Int64(Int32.max), Int64.max)
    #expect(try !isRefused(int32 - 3, [1, -2], .int32))
    #expect(try isRefused(int32 - 3, [2, -2], .int32))
    #expect(try isRefused(Int64(Int32.min), [0], .int32))
    #expect(try isRefused(0, [Int64(Int32.min)], .int32))
    #expect(try !isRefused(int64 - 3, [1, -2], .int64))
    #expect(try isRefused(int64 - 3, [2, -2], .int64))
    #expect(try isRefused(.min, [0], .int64))
    #expect(try isRefused(.min, [.min], .int64))
    #expect(try isRefused(int64, [int64, int64, int64], .int64))
  }

  @Test func scales() {
    func refused(shift: Int8, multiplier: Int32) -> String {
      sample.refusal { plan, weights in
        guard case .convolution16x8(let parameters) = plan.instructions[0].operation else { return }
        let requantization = parameters.requantization
        weights[requantization.shifts.offset + 2] = UInt8(bitPattern: shift)
        for byte in 0..<4 {
          weights[requantization.multipliers.offset + 8 + byte] = UInt8(
            truncatingIfNeeded: multiplier >> Int32(8 * byte))
        }
      }
    }
    #expect(refused(shift: 7, multiplier: .max) == "")
    #expect(refused(shift: -31, multiplier: 0) == "")
    for (shift, multiplier) in [(8, 1), (-32, 1), (127, 1), (-128, 1), (0, -1), (0, .min)]
      as [(Int8, Int32)]
    {
      #expect(
        refused(shift: shift, multiplier: multiplier).contains("conv16 has weights or scales"))
    }
  }
}
