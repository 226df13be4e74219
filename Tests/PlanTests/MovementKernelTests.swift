import DeviceRuntime
import PlanFormat
import TestSupport
import Testing
import Wire

/// Moves and resizes against their definitions, and what a reader refuses of them.
@Suite("movement") struct MovementKernelTests {
  // MARK: Moves

  /// A block somewhere inside both tensors: each axis gets a part of what is left of either.
  private static func block(
    _ random: inout SplitMix64, operand: Int, source: Int, result: Int
  ) -> MoveBlock {
    var (sourceLow, sourceHigh) = (random.int(0...source - 1), 0)
    sourceHigh = sourceLow
    var (resultLow, resultHigh) = (random.int(0...result - 1), 0)
    resultHigh = resultLow
    let (sourceStart, resultStart) = (sourceLow, resultLow)
    var axes: [MoveAxis] = []
    var count = 1
    for _ in 0..<random.int(0...8) {
      let size = random.int(1...4)
      func step(_ low: inout Int, _ high: inout Int, _ end: Int) -> Int {
        let reach = random.int(-low...(end - 1 - high)) / max(size - 1, 1)
        if reach > 0 { high += reach * (size - 1) } else { low += reach * (size - 1) }
        return reach
      }
      guard count * size <= result else { break }
      count *= size
      axes.append(
        MoveAxis(
          size: size, sourceStep: step(&sourceLow, &sourceHigh, source),
          resultStep: step(&resultLow, &resultHigh, result)))
    }
    return MoveBlock(
      operand: operand, sourceStart: sourceStart, resultStart: resultStart, axes: axes)
  }

  private static func moved<Element: FixedWidthInteger>(
    _ parameters: MoveParameters, _ operands: [[Element]], count: Int, table: [Int8]
  ) -> [Element] {
    var result = [Element](repeating: Element(parameters.fill), count: count)
    for block in parameters.blocks {
      for index in 0..<block.axes.reduce(1, { $0 * $1.size }) {
        var (from, to, rest) = (block.sourceStart, block.resultStart, index)
        for axis in block.axes.reversed() {
          from += rest % axis.size * axis.sourceStep
          to += rest % axis.size * axis.resultStep
          rest /= axis.size
        }
        let value = operands[block.operand][from]
        result[to] = block.table == nil ? value : Element(table[Int(value) + 128])
      }
    }
    return result
  }

  private func checkMove<Element: FixedWidthInteger>(
    seed: UInt64, _ element: PlanElement, of type: Element.Type
  ) throws {
    var random = SplitMix64(seed: seed)
    var sketch = PlanSketch()
    let sizes = (0..<random.int(1...3)).map { _ in random.int(1...60) }
    let inputs = sizes.map {
      sketch.tensor("x", [$0], element: element, zeroPoint: 0)
    }
    let operands = sizes.map { size in
      (0..<size).map { _ in Element(truncatingIfNeeded: random.next()) }
    }
    let count = random.int(1...80)
    let table = random.activations(256)
    let reference = sketch.constant(table)
    var parameters = MoveParameters(fill: Int32(random.int(-128...127)), blocks: [])
    for _ in 0..<random.int(0...5) {
      let operand = random.int(0...sizes.count - 1)
      var block = Self.block(
        &random, operand: operand, source: sizes[operand], result: count)
      if element == .int8, random.int(0...2) == 0 { block.table = reference }
      parameters.blocks.append(block)
    }
    sketch.emit("move", .move(parameters), inputs, [count], element: element, zeroPoint: 0)
    let expected = Self.moved(parameters, operands, count: count, table: table)
    #expect(try sketch.run(operands, as: type) == expected, "seed \(seed)")
  }

  @Test func moves() throws {
    for seed in 0x301_0000..<0x301_0400 as Range<UInt64> {
      try checkMove(seed: seed, .int8, of: Int8.self)
      try checkMove(seed: seed, .int16, of: Int16.self)
      try checkMove(seed: seed, .int32, of: Int32.self)
      try checkMove(seed: seed, .int64, of: Int64.self)
    }
  }

  // MARK: Resizes

  /// Taps whose weights sum to 2^10.
  private static func taps(
    _ random: inout SplitMix64, count: Int, width: Int, extent: Int
  ) -> [[(position: Int, weight: Int)]] {
    (0..<count).map { _ in
      var left = 1024
      return (0..<width).map { tap in
        let weight = tap == width - 1 ? left : random.int(-100...400)
        left -= weight
        return (random.int(0...extent - 1), weight)
      }
    }
  }

  @Test func resizes() throws {
    for seed in 0x4e5_0000..<0x4e5_0200 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let (height, width, channels) = (random.int(1...9), random.int(1...9), random.int(1...5))
      let (rowTaps, columnTaps) = (random.int(1...3), random.int(1...3))
      let rows = Self.taps(&random, count: random.int(1...7), width: rowTaps, extent: height)
      let columns = Self.taps(&random, count: random.int(1...7), width: columnTaps, extent: width)
      var sketch = PlanSketch()
      func store(_ taps: [[(position: Int, weight: Int)]]) -> ConstantReference {
        sketch.constant(taps.joined().map { Int32($0.position) | Int32($0.weight) << 16 })
      }
      let parameters = ResizeParameters(
        height: height, width: width, channels: channels, rows: store(rows), rowTaps: rowTaps,
        columns: store(columns), columnTaps: columnTaps)
      let zeroPoint = random.zeroPoint()
      let x = sketch.tensor("x", [1, height, width, channels], zeroPoint: zeroPoint)
      sketch.emit(
        "resize", .resize(parameters), [x], [1, rows.count, columns.count, channels],
        zeroPoint: zeroPoint)
      let values = random.activations(height * width * channels)
      var expected: [Int8] = []
      for row in rows {
        for column in columns {
          for channel in 0..<channels {
            var sum: Int128 = 0
            for y in row {
              for x in column {
                let value = values[(y.position * width + x.position) * channels + channel]
                sum += Int128(y.weight * x.weight) * Int128(value)
              }
            }
            let level = Definition.halvesAway(sum, bits: 20)
            expected.append(Definition.clamp(Int64(level), -128...127))
          }
        }
      }
      #expect(try sketch.run([values]) == expected, "seed \(seed)")
    }
  }

  // MARK: Readers

  @Test func roundTrip() throws {
    let (plan, weights) = SamplePlan.movement()
    #expect(plan.requiredVersion == 3)
    #expect(try Plan(decoding: plan.encoded()) == plan)
    _ = try Session(plan: plan.encoded(), weights: weights)
  }

  private func expectRefusal(
    _ rule: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout Plan, inout [UInt8]) -> Void
  ) {
    var (plan, weights) = SamplePlan.movement()
    edit(&plan, &weights)
    do throws(RuntimeError) {
      _ = try Session(plan: plan.encoded(), weights: weights)
      Issue.record("accepted", sourceLocation: sourceLocation)
    } catch {
      #expect(
        error.message.contains(rule), "got '\(error.message)'", sourceLocation: sourceLocation)
    }
  }

  private func expectMoveRefusal(
    _ rule: String, _ instruction: Int = 0, sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout MoveParameters) -> Void
  ) {
    expectRefusal(rule, sourceLocation: sourceLocation) { plan, _ in
      guard case .move(var parameters) = plan.instructions[instruction].operation else { return }
      edit(&parameters)
      plan.instructions[instruction].operation = .move(parameters)
    }
  }

  @Test func hostileMoves() {
    expectMoveRefusal("reads outside") { $0.blocks[1].sourceStart += 1 + 8 }
    expectMoveRefusal("reads outside", 2) { $0.blocks[1].sourceStart = 14 }
    expectMoveRefusal("reads outside") { $0.blocks[0].axes[0].sourceStep = 1 << 27 }
    expectMoveRefusal("reads outside") { $0.blocks[0].axes[0].sourceStep = Int(Int32.min) }
    expectMoveRefusal("writes outside") { $0.blocks[1].resultStart = 5 }
    expectMoveRefusal("writes outside") { $0.blocks[0].axes[1].resultStep = -1 }
    expectMoveRefusal("empty block") { $0.blocks[0].axes[0].size = 0 }
    expectMoveRefusal("too large") {
      $0.blocks[0].axes.append(MoveAxis(size: 1 << 26, sourceStep: 0, resultStep: 0))
    }
    expectMoveRefusal("operand it has not") { $0.blocks[0].operand = 1 }
    expectMoveRefusal("fills with") { $0.fill = 128 }
    expectMoveRefusal("wrong size") { $0.blocks[1].table?.byteCount = 255 }
    expectMoveRefusal("outside the weights") { $0.blocks[1].table?.offset = 1 << 20 }
    expectRefusal("number of operands") { plan, _ in plan.instructions[0].inputs = [] }
    expectRefusal("element type") { plan, _ in
      plan.tensors[plan.instructions[2].output.position].element = .int16
      plan.tensors[plan.instructions[2].output.position].zeroPoint = 0
      plan.arenaBytes += 64
    }
    expectRefusal("overwrites its own") { plan, _ in
      plan.instructions[0].output = plan.inputs[0]
    }
  }

  @Test func tablesAreForBytesOnly() throws {
    var sketch = PlanSketch()
    let x = sketch.tensor("x", [4], element: .int16, zeroPoint: 0)
    let block = MoveBlock(
      operand: 0, sourceStart: 0, resultStart: 0,
      axes: [MoveAxis(size: 4, sourceStep: 1, resultStep: 1)],
      table: sketch.constant([Int8](repeating: 0, count: 256)))
    sketch.emit(
      "move", .move(MoveParameters(fill: 0, blocks: [block])), [x], [4], element: .int16,
      zeroPoint: 0)
    #expect(throws: RuntimeError.self) {
      try sketch.run([[1, 2, 3, 4] as [Int16]], as: Int16.self)
    }
  }

  private func expectResizeRefusal(
    _ rule: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout ResizeParameters) -> Void
  ) {
    expectRefusal(rule, sourceLocation: sourceLocation) { plan, _ in
      guard case .resize(var parameters) = plan.instructions[1].operation else { return }
      edit(&parameters)
      plan.instructions[1].operation = .resize(parameters)
    }
  }

  @Test func hostileResizes() {
    expectResizeRefusal("no taps") { $0.rowTaps = 0 }
    expectResizeRefusal("no taps") { $0.columnTaps = 65 }
    expectResizeRefusal("another image") { $0.height = 4 }
    expectResizeRefusal("too large image") { $0.width = 0 }
    expectResizeRefusal("another size") { $0.rowTaps = 1 }
    expectResizeRefusal("another size") { $0.columns.byteCount = 8 }
    expectResizeRefusal("wrong size") { $0.rows.byteCount += 1 }
    // A position beyond the image, then weights that sum to too much and are too large.
    for (byte, value) in [(0, 3), (1, 1), (2, 1), (3, 5)] as [(Int, UInt8)] {
      expectRefusal("could overflow") { plan, weights in
        guard case .resize(let parameters) = plan.instructions[1].operation else { return }
        weights[parameters.rows.offset + byte] = value
      }
    }
    expectRefusal("could overflow") { plan, weights in
      guard case .resize(let parameters) = plan.instructions[1].operation else { return }
      // 1024 = 20000 − 18976.
      for (index, byte) in [0x20, 0x4e, 0, 0, 0xe0, 0xb5].enumerated() {
        weights[parameters.rows.offset + 2 + index] = UInt8(byte)
      }
    }
  }

  @Test func damageIsRefusedOrRuns() throws {
    let (plan, weights) = SamplePlan.movement()
    let bytes = plan.encoded()
    func survives(_ bytes: [UInt8], _ weights: [UInt8]) throws -> Bool {
      do throws(RuntimeError) {
        try Session(plan: bytes, weights: weights).run()
        return true
      } catch {
        guard case .plan = error else { throw error }
        return false
      }
    }
    #expect(try survives(bytes, weights))
    var refused = 0
    for damaged in Damage.flips(bytes) where try !survives(damaged, weights) { refused += 1 }
    #expect(refused > bytes.count, "\(refused) of \(bytes.count * 2)")
    for damaged in Damage.truncations(bytes) { #expect(try !survives(damaged, weights)) }
    var random = SplitMix64(seed: 0xdad3)
    for damaged in Damage.random(bytes, count: 2000, &random) { _ = try survives(damaged, weights) }
    for damaged in Damage.random(weights, count: 2000, &random) { _ = try survives(bytes, damaged) }
  }
}
