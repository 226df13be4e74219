import FloatReference
import Importers
import ModelGraph
import TestSupport
import Testing

/// Small models built here.
enum Samples {
  static func ramp(_ count: Int, _ step: Float = 0.25) -> [Float] {
    (0..<count).map { Float($0 % 7 - 3) * step }
  }

  /// Conv 3×3 (2 → 3 channels, padded), Relu, MaxPool, Flatten, Gemm on a 4×4 image.
  static func convolution() -> ONNXSample {
    var model = ONNXSample()
    model.input("x", ["N", "2", "4", "4"])
    model.constant("w", [3, 2, 3, 3], floats: ramp(54))
    model.constant("b", [3], floats: [0.5, -0.5, 1])
    model.constant("v", [2, 12], floats: ramp(24, 0.125))
    model.node("Conv", ["x", "w", "b"], ["c"], ["pads": .ints([1, 1, 1, 1])])
    model.node("Relu", ["c"], ["r"])
    model.node(
      "MaxPool", ["r"], ["p"], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    model.node("Flatten", ["p"], ["f"])
    model.node("Gemm", ["f", "v"], ["y"], ["transB": .int(1)])
    model.output("y")
    return model
  }
}

/// Canonical forms and refusals of small models.
@Suite struct CanonicalFormTests {
  private func load(_ model: ONNXSample) throws(GraphError) -> Graph {
    try ModelImporter.load(bytes: model.bytes, name: "sample")
  }

  private func run(_ graph: Graph, _ input: [Float]) throws -> [Float] {
    let shape = graph[graph.inputs[0]].type.shape
    return try FloatExecutor(graph).run(inputs: [TensorData(shape: shape, floats: input)])[0]
      .floats ?? []
  }

  @Test func flattenTakesTheTransposeIntoTheWeights() throws {
    let graph = try load(Samples.convolution())
    #expect(
      graph.operationNames == ["Transpose", "Conv2D", "MaxPool2D", "Reshape", "FullyConnected"])
    // The same computed here in the file's layout.
    let x = Samples.ramp(32, 0.5)
    let w = Samples.ramp(54)
    var pooled = [Float](repeating: 0, count: 12)
    for o in 0..<3 {
      for row in 0..<4 {
        for column in 0..<4 {
          var sum = [0.5, -0.5, 1][o] as Float
          for c in 0..<2 {
            for i in 0..<3 {
              for j in 0..<3 {
                let (y, z) = (row + i - 1, column + j - 1)
                guard (0..<4).contains(y), (0..<4).contains(z) else { continue }
                sum += w[((o * 2 + c) * 3 + i) * 3 + j] * x[(c * 4 + y) * 4 + z]
              }
            }
          }
          let place = (o * 2 + row / 2) * 2 + column / 2
          pooled[place] = max(pooled[place], sum)
        }
      }
    }
    let v = Samples.ramp(24, 0.125)
    let expected = (0..<2).map { o in
      (0..<12).reduce(Float(0)) { $0 + v[o * 12 + $1] * pooled[$1] }
    }
    for (result, wanted) in zip(try run(graph, x), expected) {
      #expect(abs(result - wanted) < 1e-4)
    }
  }

  @Test func normalizationFoldsForwardsAndBackwards() throws {
    var model = ONNXSample()
    model.input("x", ["N", "3"])
    model.constant("s", [3], floats: [2, 1, 0.5])
    model.constant("t", [3], floats: [1, 0, -1])
    model.constant("m", [3], floats: [0.5, 0, 1])
    model.constant("u", [3], floats: [4, 1, 0.25])
    model.constant("w", [3, 3], floats: [1, 2, 3, 4, 5, 6, 7, 8, 10])
    model.node("BatchNormalization", ["x", "s", "t", "m", "u"], ["n"], ["epsilon": .float(0)])
    model.node("MatMul", ["n", "w"], ["d"])
    model.node("Add", ["t", "d"], ["a"])
    model.node("BatchNormalization", ["a", "s", "t", "m", "u"], ["q"], ["epsilon": .float(0)])
    model.node("Clip", ["q", "zero", "six"], ["y"])
    model.constant("zero", [], floats: [0])
    model.constant("six", [], floats: [6])
    model.output("y")
    let graph = try load(model)
    #expect(graph.operationNames == ["FullyConnected"])
    #expect(graph[graph.outputs[0]].name == "y")
    let (x, s, t): ([Float], [Float], [Float]) = ([1, -2, 3], [2, 1, 0.5], [1, 0, -1])
    let (m, u): ([Float], [Float]) = ([0.5, 0, 1], [4, 1, 0.25])
    let w: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 10]
    let n = (0..<3).map { s[$0] * (x[$0] - m[$0]) / u[$0].squareRoot() + t[$0] }
    let expected = (0..<3).map { o -> Float in
      let a = (0..<3).reduce(t[o]) { $0 + n[$1] * w[$1 * 3 + o] }
      return min(max(s[o] * (a - m[o]) / u[o].squareRoot() + t[o], 0), 6)
    }
    for (result, wanted) in zip(try run(graph, x), expected) {
      #expect(abs(result - wanted) < 1e-4)
    }
  }

  @Test func dynamicBatchReshapeIsFolded() throws {
    var model = ONNXSample()
    model.input("x", ["batch", "2", "3"])
    model.constant("zero", integers: [0])
    model.constant("rest", integers: [-1])
    model.constant("w", [1, 6], floats: [1, 2, 3, 4, 5, 6])
    model.node("Shape", ["x"], ["s"])
    model.node("Gather", ["s", "zero"], ["g"])
    model.node("Concat", ["g", "rest"], ["c"], ["axis": .int(0)])
    model.node("Reshape", ["x", "c"], ["f"])
    model.node("Gemm", ["f", "w"], ["y"], ["transB": .int(1)])
    model.output("y")
    let graph = try load(model)
    #expect(graph.operationNames == ["Reshape", "FullyConnected"])
    #expect(try run(graph, [1, 1, 1, 1, 1, 1]) == [21])
  }

  @Test func symbolicDimensionsOtherThanTheBatchAreRefused() throws {
    var model = ONNXSample()
    model.input("x", ["N", "length"])
    model.node("Relu", ["x"], ["y"])
    model.output("y")
    do throws(GraphError) {
      _ = try load(model)
      Issue.record("imported")
    } catch {
      guard case .invalid(let node, let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(node == "x" && reason.contains("length"))
    }
  }

  @Test func unknownOperatorsAndOperatorSetsAreNamed() throws {
    var model = ONNXSample()
    model.input("x", ["N", "4"])
    model.node("StringNormalizer", ["x"], ["y"], name: "text/normal")
    model.output("y")
    do throws(GraphError) {
      _ = try load(model)
      Issue.record("imported")
    } catch {
      guard case .unsupported("StringNormalizer", "text/normal", _) = error else {
        Issue.record("\(error)")
        return
      }
    }
    model.opset = 22
    do throws(GraphError) {
      _ = try load(model)
      Issue.record("imported")
    } catch {
      guard case .unsupported("opset 22", _, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func outputsKeepTheirNamesAndLayout() throws {
    var model = ONNXSample()
    model.input("x", ["N", "2", "4", "4"])
    model.constant("w", [3, 2, 1, 1], floats: Samples.ramp(6))
    model.node("Conv", ["x", "w"], ["c"])
    model.node("Identity", ["c"], ["y"])
    model.node("Identity", ["x"], ["again"])
    model.output("y")
    model.output("again")
    let graph = try load(model)
    #expect(graph.outputs.map { graph[$0].name } == ["y", "again"])
    #expect(graph.outputs.map { graph[$0].type.shape } == [[1, 3, 4, 4], [1, 2, 4, 4]])
    #expect(try run(graph, Samples.ramp(32)).count == 48)
  }

  @Test func oldOperatorSetsAreReadAsTheyMeant() throws {
    var model = ONNXSample()
    model.opset = 6
    model.input("x", ["1", "2", "3"])
    model.constant("b", [2], floats: [10, 20])
    model.node("Add", ["x", "b"], ["s"], ["broadcast": .int(1), "axis": .int(1)])
    model.node("Clip", ["s"], ["y"], ["min": .float(11), "max": .float(24)])
    model.output("y")
    #expect(try run(try load(model), [0, 1, 2, 3, 4, 5]) == [11, 11, 12, 23, 24, 24])
    model.node("Dropout", ["y"], ["z"], ["is_test": .int(0)])
    #expect(throws: GraphError.self) { try load(model) }
  }

  /// A gate of one number per channel goes with its image: no transpose is left inside.
  @Test func gatesDoNotHoldLayoutsUp() throws {
    var model = ONNXSample()
    model.input("x", ["N", "2", "4", "4"])
    model.constant("v", [3, 2, 1, 1], floats: Samples.ramp(6))
    model.constant("w", [3, 3, 1, 1], floats: Samples.ramp(9))
    model.constant("u", [1, 3, 1, 1], floats: [1, -2, 0.5])
    model.constant("scales", [4], floats: [1, 1, 2, 2])
    model.node("Conv", ["x", "v"], ["c"])
    model.node("GlobalAveragePool", ["c"], ["g"])
    model.node("Conv", ["g", "w"], ["e"])
    model.node("Sigmoid", ["e"], ["s"])
    model.node("Mul", ["c", "s"], ["m"])
    model.node(
      "Resize", ["m", "", "scales"], ["r"],
      [
        "mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric"),
        "nearest_mode": .string("floor"),
      ])
    model.node("Conv", ["r", "u"], ["y"])
    model.output("y")
    let graph = try load(model)
    #expect(
      graph.operationNames == [
        "Transpose", "Conv2D", "Reduce", "Conv2D", "Pointwise", "Binary", "Resize", "Conv2D",
        "Reshape",
      ])
    // Every 2 × 2 results are one element of the gated image.
    let y = try run(graph, Samples.ramp(32))
    try #require(y.count == 64)
    for row in 0..<8 {
      for column in 0..<8 {
        let corner = row / 2 * 16 + column / 2 * 2
        #expect(y[row * 8 + column] == y[corner])
      }
    }
  }

  @Test func inputsAreBoundToConstants() throws {
    var model = ONNXSample()
    model.input("x", ["1", "3"])
    model.input("y", ["1", "3"])
    model.node("Add", ["x", "y"], ["sum"])
    model.output("sum")
    #expect(try ModelImporter.inputNames(bytes: model.bytes) == ["x", "y"])
    let addends = TensorData(shape: [1, 3], floats: [1, 2, 3])
    let graph = try ModelImporter.load(bytes: model.bytes, name: "m", constants: ["y": addends])
    #expect(graph.inputs.map { graph[$0].name } == ["x"])
    #expect(try run(graph, [4, 5, 6]) == [5, 7, 9])
    let misfits = [
      ["y": TensorData(shape: [3], floats: [1, 2, 3])],
      ["y": TensorData(shape: [1, 3], elements: .int32([1, 2, 3]))], ["z": addends],
    ]
    for constants in misfits {
      #expect(throws: GraphError.self) {
        try ModelImporter.load(bytes: model.bytes, name: "m", constants: constants)
      }
    }
  }
}
