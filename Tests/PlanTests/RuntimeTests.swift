import DeviceRuntime
import Kernels
import PlanFormat
import TestSupport
import Testing
import Wire

/// Prepared images, golden vectors and the API's edge.
@Suite("runtime") struct RuntimeTests {
  private func open(_ bytes: [UInt8]) throws(RuntimeError) -> [UInt8] {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    let session = try Session(image: UnsafeRawBufferPointer(copy))
    for index in 0..<session.input(0).count { session.input(0)[index] = UInt8(index & 0xff) }
    session.run()
    return Array(session.output(0))
  }

  private func image() throws -> [UInt8] {
    let (plan, weights) = SamplePlan.everyOperation()
    return try PreparedImage.build(plan: plan.encoded(), weights: weights, tier: .scalar)
  }

  @Test func imageRunsAsThePlanDoes() throws {
    let (plan, weights) = SamplePlan.everyOperation()
    let session = try Session(plan: plan.encoded(), weights: weights)
    for index in 0..<session.input(0).count { session.input(0)[index] = UInt8(index & 0xff) }
    session.run()
    #expect(try open(image()) == Array(session.output(0)))
    let figures = session.figures
    #expect(figures.residentBytes > figures.imageBytes + plan.arenaBytes)
    #expect(
      figures
        == PreparedImage.figures(plan: plan, weights: weights, tier: session.tier))
    #expect(session.tap(0).count == plan.tensors[plan.taps[0].position].byteCount)
  }

  @Test func damagedImagesAreRefusedOrRun() throws {
    let image = try image()
    for damaged in Damage.truncations(image) {
      #expect(throws: RuntimeError.self, "\(damaged.count) bytes") { try open(damaged) }
    }
    #expect(throws: RuntimeError.image("has the wrong length")) { try open(image + [0]) }
    let planBytes = SamplePlan.everyOperation().plan.encoded().count
    let weightsStart = (64 + planBytes + 63) / 64 * 64
    for (number, damaged) in Damage.flips(image).enumerated() {
      let result = Result { () throws(RuntimeError) in try open(damaged) }
      let position = number / 2
      let isFixed = position < 64 || (64 + planBytes..<weightsStart).contains(position)
      if isFixed, case .success = result { Issue.record("byte \(position) changed unnoticed") }
    }
  }

  @Test func goldenVectorsFindEveryDifference() throws {
    let (plan, weights) = SamplePlan.everyOperation()
    let session = try Session(plan: plan.encoded(), weights: weights)
    let golden = GoldenVectors.make(seeds: [1, 2, 3], session: session)
    #expect(Set(golden.vectors.map(\.outputs)).count > 1)
    #expect(try GoldenVectors(decoding: golden.encoded()) == golden)
    try golden.check(session)
    for vector in 0..<3 {
      for element in 0..<4 {
        var wrong = golden
        wrong.vectors[vector].outputs[0][element] ^= 1
        let expected = Int8(bitPattern: wrong.vectors[vector].outputs[0][element])
        let got = Int8(bitPattern: golden.vectors[vector].outputs[0][element])
        let error = #expect(throws: RuntimeError.self) { try wrong.check(session) }
        #expect(
          error
            == .mismatch(
              vector: vector, output: 0, element: element, expected: Int(expected), got: Int(got)))
        #expect(error?.message.contains("element \(element)") == true)
      }
    }
    var short = golden
    short.vectors[0].outputs[0].removeLast()
    #expect(throws: RuntimeError.self) { try short.check(session) }
    short.vectors[0].outputs = []
    #expect(throws: RuntimeError.self) { try short.check(session) }
  }

  @Test func damagedGoldenVectors() throws {
    let (plan, weights) = SamplePlan.everyOperation()
    let session = try Session(plan: plan.encoded(), weights: weights)
    let golden = GoldenVectors.make(seeds: [1, 2], session: session)
    let bytes = golden.encoded()
    for damaged in Damage.truncations(bytes) {
      #expect(throws: RuntimeError.self) { try GoldenVectors(decoding: damaged) }
    }
    for (number, damaged) in Damage.flips(bytes).enumerated() {
      guard let read = try? GoldenVectors(decoding: damaged) else { continue }
      #expect(read.encoded() == damaged, "byte \(number / 2)")
      #expect(throws: RuntimeError.self, "byte \(number / 2)") { try read.check(session) }
    }
  }

  private let tensor = PlanTensor(
    name: "x", element: .int8, shape: [1, 8], arenaOffset: 0, scale: 0.5, zeroPoint: 10)

  private func quantize(_ values: [Float], _ tensor: PlanTensor) throws -> [Int8] {
    var bytes = [UInt8](repeating: 99, count: values.count)
    try bytes.withUnsafeMutableBytes { buffer in
      try EdgeCodec.quantize(values, tensor: tensor, into: buffer)
    }
    return bytes.map { Int8(bitPattern: $0) }
  }

  @Test func edgeRoundsHalvesAwayFromZero() throws {
    #expect(
      try quantize([0.25, -0.25, 0.75, -0.75, 0.2, -0.2, 0, -0.0], tensor)
        == [11, 9, 12, 8, 10, 10, 10, 10])
  }

  @Test func edgeSaturates() throws {
    #expect(
      try quantize(
        [1e9, -1e9, .infinity, -.infinity, .greatestFiniteMagnitude, 58.5, 58.74, -69.3], tensor)
        == [127, -128, 127, -128, 127, 127, 127, -128])
    var fine = tensor
    fine.scale = .leastNonzeroMagnitude
    #expect(try quantize([1, -1, .greatestFiniteMagnitude, 0], fine) == [127, -128, 127, 10])
    fine.scale = .greatestFiniteMagnitude
    #expect(try quantize([1, -1, .greatestFiniteMagnitude, 0], fine) == [10, 10, 11, 10])
  }

  @Test func edgeRefusesNotANumber() throws {
    #expect(throws: RuntimeError.notANumber(element: 2)) { try quantize([0, 1, .nan, 2], tensor) }
    #expect(throws: RuntimeError.notANumber(element: 0)) { try quantize([.signalingNaN], tensor) }
  }

  @Test func edgeIsUndone() throws {
    let levels = (0..<256).map { UInt8($0) }
    let reals = levels.withUnsafeBytes { EdgeCodec.dequantize($0, tensor: tensor) }
    #expect(reals[0] == -5 && reals[127] == 58.5 && reals[128] == -69)
    #expect(try quantize(reals, tensor) == levels.map { Int8(bitPattern: $0) })
    var raw = [UInt8](repeating: 0, count: 4)
    raw.withUnsafeMutableBytes { EdgeCodec.loadRawBytes([0, 127, 128, 255, 7], into: $0) }
    #expect(raw.map { Int8(bitPattern: $0) } == [-128, -1, 0, 127])
  }

  /// More values than the tensor holds are left; fewer leave the rest as it was.
  @Test func edgeStaysInside() throws {
    var bytes = [UInt8](repeating: 99, count: 4)
    try bytes.withUnsafeMutableBytes { buffer in
      try EdgeCodec.quantize(
        [1, 2, 3], tensor: tensor, into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<2]))
    }
    #expect(bytes == [12, 14, 99, 99])
  }
}
