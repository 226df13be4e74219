import DeviceRuntime
import Kernels
import PlanFormat
import Testing
import Wire

/// Tree ensembles against their definition, for every pair of elements.
@Suite("tree kernels") struct TreeKernelTests {
  @Test(arguments: [PlanElement.int16, .int32], [PlanElement.int32, .int64])
  func ensembles(rank: PlanElement, sum: PlanElement) throws {
    for seed in 0..<120 as Range<UInt64> {
      var random = SplitMix64(seed: 0x7ee_0000 + seed)
      let (items, features, outputs) = (
        random.int(1...5), random.int(1...9), random.one(of: [1, 2, 3, 10])
      )
      let width = random.one(of: [1, outputs, random.int(1...outputs)])
      let count = random.int(1...12)
      // As large as no sum overflows: twelve trees and the bias.
      let largest = sum == .int64 ? Int(Int64.max / 13) : Int(Int32.max / 13)
      let values = random.one(of: [-largest...largest, -9...9])
      let ranks: ClosedRange<Int> =
        rank == .int16 ? -32768...32767 : Int(Int32.min)...Int(Int32.max)
      let near = random.one(of: [ranks, 0...5])
      var tables = TreeTables(
        bias: (0..<outputs).map { _ in Int64(random.int(values)) }, leafWidth: width)
      var trees: [(tree: Tree, first: Int)] = []
      for _ in 0..<count {
        let tree = Tree(
          depth: random.int(0...6), features: features, leafWidth: width, thresholds: near,
          values: values, &random)
        trees.append((tree, random.int(0...outputs - width)))
        tables.append(tree, firstOutput: trees[trees.count - 1].first)
      }
      let x = (0..<items * features).map { _ in Int32(random.int(near)) }
      var expected: [Int64] = []
      for item in 0..<items {
        var sums = tables.bias
        for (tree, first) in trees {
          let leaf = tree.values(x[item * features..<(item + 1) * features])
          for (column, value) in leaf.enumerated() { sums[first + column] += value }
        }
        expected += sums
      }
      let got = try run(tables, x, items: items, features: features, rank: rank, sum: sum)
      #expect(got == expected, "seed \(0x7ee_0000 + seed)")
    }
  }

  /// The first largest of each row, of every element; and the rules of the instruction.
  @Test(arguments: [PlanElement.int8, .int16, .int32, .int64])
  func topClasses(element: PlanElement) throws {
    func sketch(rows: Int, length: Int, element result: PlanElement = .int32) -> PlanSketch {
      var sketch = PlanSketch()
      let x = sketch.tensor("scores", [rows, length], element: element, zeroPoint: 0)
      sketch.emit("top", .topClass, [x], [rows], element: result, zeroPoint: 0)
      return sketch
    }
    var random = SplitMix64(seed: 0x70b)
    for _ in 0..<40 {
      let (rows, length) = (random.int(1...4), random.int(1...9))
      let scores = (0..<rows * length).map { _ in Int8(random.int(-3...3)) }
      let expected = (0..<rows).map { row -> Int32 in
        let values = scores[row * length..<(row + 1) * length]
        return Int32((values.firstIndex(of: values.max() ?? 0) ?? 0) - row * length)
      }
      let made = sketch(rows: rows, length: length)
      let got: [Int32] =
        switch element {
        case .int8: try made.run([scores], as: Int32.self)
        case .int16: try made.run([scores.map { Int16($0) * 9999 }], as: Int32.self)
        case .int32: try made.run([scores.map { Int32($0) << 28 }], as: Int32.self)
        case .int64: try made.run([scores.map { Int64($0) << 60 }], as: Int32.self)
        }
      #expect(got == expected)
    }
    func refusal(_ sketch: PlanSketch) -> String {
      let plan = sketch.plan(inputs: [TensorIndex(0)], outputs: [TensorIndex(1)])
      do throws(PlanError) { _ = try Plan(decoding: plan.encoded()) } catch { return error.message }
      return ""
    }
    var wrong = sketch(rows: 2, length: 3)
    #expect(refusal(wrong) == "")
    let plan = wrong.plan(inputs: [TensorIndex(0)], outputs: [TensorIndex(1)])
    #expect(plan.requiredVersion == 3 && (try? Plan(decoding: plan.encoded())) == plan)
    wrong.tensors[1].shape = [3]
    #expect(refusal(wrong).contains("one class per row"))
    #expect(refusal(sketch(rows: 2, length: 3, element: .int64)).contains("element type"))
  }

  private func run(
    _ tables: TreeTables, _ ranks: [Int32], items: Int, features: Int, rank: PlanElement,
    sum: PlanElement
  ) throws -> [Int64] {
    let sketch = tables.sketch(items: items, features: features, rank: rank, sum: sum)
    let narrow = rank == .int16 ? ranks.map { Int16($0) } : []
    switch (rank, sum) {
    case (.int16, .int32): return try sketch.run([narrow], as: Int32.self).map { Int64($0) }
    case (.int16, _): return try sketch.run([narrow], as: Int64.self)
    case (_, .int32): return try sketch.run([ranks], as: Int32.self).map { Int64($0) }
    default: return try sketch.run([ranks], as: Int64.self)
    }
  }

  /// An image's trees are walked too: one that could leave its bytes is not opened.
  @Test func damagedImages() throws {
    var random = SplitMix64(seed: 0x7ee)
    var tables = TreeTables(bias: [5, -5], leafWidth: 2)
    for _ in 0..<4 {
      tables.append(
        Tree(
          depth: 4, features: 3, leafWidth: 2, thresholds: 0...5, values: -99...99, &random),
        firstOutput: 0)
    }
    let sketch = tables.sketch(items: 2, features: 3, rank: .int16, sum: .int32)
    let plan = sketch.plan(inputs: [TensorIndex(0)], outputs: [TensorIndex(1)])
    let image = try PreparedImage.build(
      plan: plan.encoded(), weights: sketch.weights, tier: .scalar)
    var outcomes = (opened: 0, refused: 0)
    for position in image.indices {
      for change in [1, 0x80, 0xff] as [UInt8] {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: image.count, alignment: 64)
        defer { copy.deallocate() }
        copy.copyBytes(from: image)
        copy[position] ^= change
        do throws(RuntimeError) {
          let session = try Session(image: UnsafeRawBufferPointer(copy))
          session.run()
          outcomes.opened += 1
        } catch {
          outcomes.refused += 1
        }
      }
    }
    #expect(outcomes.opened > 0 && outcomes.refused > tables.nodes.count)
  }
}
