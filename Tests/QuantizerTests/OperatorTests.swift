import Foundation
import ModelGraph
import Operators
import PlanFormat
import Testing

/// Float operators against loops written from their definitions, in double precision.
@Suite struct OperatorTests {
  private struct Geometry {
    var window: Window
    var bottom: Int
    var right: Int
    var input: [Int]

    init(_ random: inout SeededValues, channels: Int) {
      window = Window(
        height: random.int(1...4), width: random.int(1...4), strideHeight: random.int(1...3),
        strideWidth: random.int(1...3), dilationHeight: random.int(1...2),
        dilationWidth: random.int(1...2))
      window.paddingTop = random.int(0...window.height - 1)
      window.paddingLeft = random.int(0...window.width - 1)
      bottom = random.int(0...window.height - 1)
      right = random.int(0...window.width - 1)
      input = [1, random.int(8...12), random.int(8...12), channels]
    }

    /// Input row and column under a kernel position.
    func source(_ index: [Int], _ ky: Int, _ kx: Int) -> (Int, Int) {
      (
        index[1] * window.strideHeight - window.paddingTop + ky * window.dilationHeight,
        index[2] * window.strideWidth - window.paddingLeft + kx * window.dilationWidth
      )
    }

    /// What of the input a window sees.
    func visible(_ x: TensorData, _ index: [Int]) -> [Double] {
      (0..<window.height).flatMap { ky in
        (0..<window.width).compactMap { kx in
          let (y, column) = source(index, ky, kx)
          return element(x, [0, y, column, index[3]])
        }
      }
    }
  }

  private static func clamp(_ value: Double, _ activation: Activation) -> Double {
    switch activation {
    case .none: value
    case .relu: Swift.max(0, value)
    case .relu6: Swift.min(6, Swift.max(0, value))
    }
  }

  @Test(arguments: 0..<24) func convolution(seed: Int) throws {
    var random = SeededValues(seed: UInt64(seed))
    let channels = random.int(1...5)
    let filters = random.int(1...9)
    let shape = Geometry(&random, channels: channels)
    let activation: Activation = [.none, .relu, .relu6][seed % 3]
    let x = random.floats(shape.input)
    let w = random.floats([filters, shape.window.height, shape.window.width, channels])
    let bias = seed % 4 == 0 ? nil : random.floats([filters])
    let operation = Conv2D(
      window: shape.window, paddingBottom: shape.bottom, paddingRight: shape.right,
      activation: activation)
    let result = try operation.evaluate([x, w, bias])[0]
    let error = largestError(result) { index in
      var sum = bias.flatMap { element($0, [index[3]]) } ?? 0
      for channel in 0..<channels {
        for ky in 0..<shape.window.height {
          for kx in 0..<shape.window.width {
            let (y, column) = shape.source(index, ky, kx)
            sum +=
              (element(x, [0, y, column, channel]) ?? 0)
              * (element(w, [index[3], ky, kx, channel]) ?? .nan)
          }
        }
      }
      return Self.clamp(sum, activation)
    }
    #expect(error < 1e-5, "seed \(seed)")
    let types = [ValueType(.float32, x.shape), ValueType(.float32, w.shape), nil]
    #expect(try operation.resultTypes(types)[0].shape == result.shape)
    let products = shape.window.height * shape.window.width * channels
    #expect(operation.multiplyAccumulates(types) == result.count * products)
  }

  @Test(arguments: 0..<24) func depthwiseConvolution(seed: Int) throws {
    var random = SeededValues(seed: UInt64(seed))
    let (channels, multiplier) = (random.int(1...5), random.int(1...3))
    let shape = Geometry(&random, channels: channels)
    let x = random.floats(shape.input)
    let w = random.floats([1, shape.window.height, shape.window.width, channels * multiplier])
    let bias = random.floats([channels * multiplier])
    let operation = DepthwiseConv2D(
      window: shape.window, paddingBottom: shape.bottom, paddingRight: shape.right,
      depthMultiplier: multiplier, activation: .relu)
    let result = try operation.evaluate([x, w, bias])[0]
    let error = largestError(result) { index in
      var sum = element(bias, [index[3]]) ?? .nan
      for ky in 0..<shape.window.height {
        for kx in 0..<shape.window.width {
          let (y, column) = shape.source(index, ky, kx)
          sum +=
            (element(x, [0, y, column, index[3] / multiplier]) ?? 0)
            * (element(w, [0, ky, kx, index[3]]) ?? .nan)
        }
      }
      return Self.clamp(sum, .relu)
    }
    #expect(error < 1e-5, "seed \(seed)")
  }

  @Test(arguments: 0..<24) func pools(seed: Int) throws {
    var random = SeededValues(seed: UInt64(seed))
    var shape = Geometry(&random, channels: 3)
    // A dilated window can lie in the padding alone, where an average is not defined.
    (shape.window.dilationHeight, shape.window.dilationWidth) = (1, 1)
    let x = random.floats(shape.input)
    let area = Double(shape.window.height * shape.window.width)
    let maxima = try MaxPool2D(
      window: shape.window, paddingBottom: shape.bottom, paddingRight: shape.right,
      activation: .none
    ).evaluate([x])[0]
    #expect(largestError(maxima) { shape.visible(x, $0).max() ?? .nan } == 0, "seed \(seed)")
    for countsPadding in [false, true] {
      let means = try AveragePool2D(
        window: shape.window, paddingBottom: shape.bottom, paddingRight: shape.right,
        activation: .relu, countsPadding: countsPadding
      ).evaluate([x])[0]
      let error = largestError(means) { index in
        let seen = shape.visible(x, index)
        let sum = seen.reduce(0, +)
        return Self.clamp(sum / (countsPadding ? area : Double(seen.count)), .relu)
      }
      #expect(error < 1e-6, "seed \(seed)")
    }
  }

  @Test(arguments: 0..<8) func fullyConnected(seed: Int) throws {
    var random = SeededValues(seed: UInt64(seed))
    let (items, features, outputs) = (random.int(1...3), random.int(1...40), random.int(1...9))
    let x = random.floats([1, items, features])
    let w = random.floats([outputs, features])
    let bias = seed % 2 == 0 ? nil : random.floats([outputs])
    let result = try FullyConnected(activation: .relu6).evaluate([x, w, bias])[0]
    #expect(result.shape == [1, items, outputs])
    let error = largestError(result) { index in
      let sum = (0..<features).reduce(bias.flatMap { element($0, [index[2]]) } ?? 0) {
        $0 + (element(x, [0, index[1], $1]) ?? .nan) * (element(w, [index[2], $1]) ?? .nan)
      }
      return Self.clamp(sum, .relu6)
    }
    #expect(error < 1e-5, "seed \(seed)")
  }

  @Test func meansOverAnyAxes() throws {
    var random = SeededValues(seed: 3)
    let x = random.floats([2, 3, 4, 5])
    for axes in [[1, 2], [3], [0, 2], [0, 1, 2, 3]] {
      let sizes = x.shape.indices.map { axes.contains($0) ? x.shape[$0] : 1 }
      let result = try Reduce(kind: .mean, axes: axes, keepsDimensions: true).evaluate([x])[0]
      let error = largestError(result) { index in
        var sum = 0.0
        for a in 0..<sizes[0] {
          for b in 0..<sizes[1] {
            for c in 0..<sizes[2] {
              for d in 0..<sizes[3] {
                sum += element(x, [index[0] + a, index[1] + b, index[2] + c, index[3] + d]) ?? .nan
              }
            }
          }
        }
        return sum / Double(sizes.reduce(1, *))
      }
      #expect(error < 1e-6, "axes \(axes)")
      let dropped = try Reduce(kind: .mean, axes: axes, keepsDimensions: false).evaluate([x])[0]
      #expect(dropped.elements == result.elements)
      #expect(dropped.shape == x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })
    }
  }

  @Test func softmaxAgreesWithTheLibrary() throws {
    var random = SeededValues(seed: 4)
    let x = random.floats([3, 7], in: -60...60)
    let result = try Softmax(beta: 0.5).evaluate([x])[0]
    let error = largestError(result) { index in
      let row = (0..<7).map { Foundation.exp(0.5 * (element(x, [index[0], $0]) ?? .nan)) }
      return row[index[1]] / row.reduce(0, +)
    }
    #expect(error < 1e-7)
    let extremes = TensorData(shape: [3], floats: [-.greatestFiniteMagnitude, 0, 1000])
    #expect(try Softmax(beta: 1).evaluate([extremes])[0].floats == [0, 0, 1])
  }

  @Test func elementWiseOperators() throws {
    var random = SeededValues(seed: 5)
    let (a, b) = (random.floats([1, 3, 2, 4], in: -9...9), random.floats([1, 3, 2, 4]))
    let sum = try Binary(.add, activation: .relu6).evaluate([a, b])[0]
    #expect(
      largestError(sum) {
        Self.clamp((element(a, $0) ?? .nan) + (element(b, $0) ?? .nan), .relu6)
      } < 1e-6)
    let clipped = try Pointwise(.clip(-1.5, 2.25)).evaluate([a])[0]
    #expect(largestError(clipped) { min(2.25, max(-1.5, element(a, $0) ?? .nan)) } == 0)
    let positive = try Pointwise(.relu).evaluate([a])[0]
    #expect(largestError(positive) { Self.clamp(element(a, $0) ?? .nan, .relu) } == 0)
    let channels = (0..<4).map { _ in random.floats([4], in: 0.5...2) }
    let normal = try BatchNormalization(epsilon: 0.01, axis: 3).evaluate([a] + channels)[0]
    let error = largestError(normal) { index in
      let p = channels.map { element($0, [index[3]]) ?? .nan }
      return p[0] * ((element(a, index) ?? .nan) - p[2]) / (p[3] + 0.01).squareRoot() + p[1]
    }
    #expect(error < 1e-5)
  }

  @Test func layoutOperators() throws {
    var random = SeededValues(seed: 6)
    let x = random.floats([2, 3, 4])
    let turned = try Transpose(permutation: [2, 0, 1]).evaluate([x])[0]
    #expect(turned.shape == [4, 2, 3])
    #expect(largestError(turned) { element(x, [$0[1], $0[2], $0[0]]) ?? .nan } == 0)
    let flat = try Reshape(shape: [6, 4]).evaluate([x])[0]
    #expect(flat.shape == [6, 4])
    #expect(flat.elements == x.elements)
  }

  @Test func shapeRulesRefuse() {
    let image = ValueType(.float32, [1, 4, 4, 2])
    #expect(throws: GraphError.self) {
      try Binary(.add).resultTypes([image, ValueType(.float32, [1, 1, 1, 3])])
    }
    #expect(throws: GraphError.self) {
      try Conv2D(
        window: Window(height: 3, width: 3), paddingBottom: 0, paddingRight: 0, activation: .none
      ).resultTypes([image, ValueType(.float32, [5, 3, 3, 3])])
    }
    #expect(throws: GraphError.self) {
      try MaxPool2D(
        window: Window(height: 5, width: 5), paddingBottom: 0, paddingRight: 0, activation: .none
      ).resultTypes([image])
    }
    #expect(throws: GraphError.self) { try Reshape(shape: [31]).resultTypes([image]) }
    #expect(throws: GraphError.self) {
      try Transpose(permutation: [0, 1, 1, 2]).resultTypes([image])
    }
    #expect(throws: GraphError.self) {
      try Reduce(kind: .mean, axes: [4], keepsDimensions: true).resultTypes([image])
    }
    #expect(throws: GraphError.self) { try FullyConnected(activation: .none).evaluate([]) }
  }

  @Test func tableListsEachOperatorOnce() {
    let names = OperatorTable.all.map { $0.name }
    #expect(Set(names).count == names.count)
    #expect(names == names.sorted())
  }
}
