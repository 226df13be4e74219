import PlanFormat
import Testing

/// Rescaling against its definition, over every int8 and many int16.
@Suite("rescaling kernels") struct RescaleKernelTests {
  private func rescaled(_ q: Int, _ input: Int32, _ scale: FixedPointScale, _ output: Int32) -> Int
  {
    let total = 31 - Int(scale.shift)
    let product = (q - Int(input)) * Int(scale.multiplier)
    return ((product + 1 << (total - 1)) >> total) + Int(output)
  }

  @Test(arguments: [1.0, 0.37, 1 / 258.7, 191.3, 0.0])
  func everyWidth(factor: Double) throws {
    let scale = FixedPointScale(nearestTo: factor)
    let bytes = (-128...127).map { Int8($0) }
    let words = (0..<1031).map { Int16(-32768 + $0 * 63) } + [32767]
    func sketch(_ count: Int, _ from: PlanElement, _ to: PlanElement) -> PlanSketch {
      var sketch = PlanSketch()
      let (input, output) = (Int32(from == .int8 ? 7 : 0), Int32(to == .int8 ? -9 : 0))
      let x = sketch.tensor("x", [1, count], element: from, zeroPoint: input)
      sketch.emit(
        "rescale",
        .rescale(
          RescaleParameters(inputZeroPoint: input, scale: scale, outputZeroPoint: output)), [x],
        [1, count], element: to, zeroPoint: output)
      return sketch
    }
    let wide = try sketch(bytes.count, .int8, .int16).run([bytes], as: Int16.self)
    #expect(wide == bytes.map { Int16(clamping: rescaled(Int($0), 7, scale, 0)) })
    let narrow = try sketch(words.count, .int16, .int8).run([words], as: Int8.self)
    #expect(narrow == words.map { Int8(clamping: rescaled(Int($0), 0, scale, -9)) })
    let same = try sketch(words.count, .int16, .int16).run([words], as: Int16.self)
    #expect(same == words.map { Int16(clamping: rescaled(Int($0), 0, scale, 0)) })
    let short = try sketch(bytes.count, .int8, .int8).run([bytes], as: Int8.self)
    #expect(short == bytes.map { Int8(clamping: rescaled(Int($0), 7, scale, -9)) })
  }
}
