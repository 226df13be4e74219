import TestSupport

/// Few bytes that ask for gigabytes, in both formats: the message names node, operator and limit.
enum HostileSizes {
  private static func onnx(
    _ type: String, opset: Int = 17, _ constants: [[Int]],
    _ attributes: [String: ONNXSample.Attribute] = [:], shape: [String] = ["1", "4"],
    reads: [String] = ["x"]
  ) -> [UInt8] {
    HostileONNX.model(opset: opset, shape: shape) { sample in
      for (index, list) in constants.enumerated() { sample.constant("c\(index)", integers: list) }
      sample.node(
        type, reads + constants.indices.map { "c\($0)" }, ["big"], attributes, name: "huge")
      sample.node("Identity", ["big"], ["y"])
    }
  }

  private static let result = "134217728 elements"

  static let onnx: [HostileModel] = [
    HostileModel(
      "Expand to 2^62", says: "huge", "Expand", "268435456",
      bytes: onnx("Expand", [[1 << 20, 1 << 20, 1 << 20, 4]])),
    HostileModel(
      "Expand to 2^27", says: "huge", "Expand", result, bytes: onnx("Expand", [[1 << 25, 4]])),
    HostileModel(
      "Tile by 2^60", says: "huge", "repeats", bytes: onnx("Tile", [[1 << 60, 1 << 60]])),
    HostileModel(
      "Tile to 2^28", says: "huge", "Tile", result, bytes: onnx("Tile", [[1 << 13, 1 << 13]])),
    HostileModel(
      "Pad by 2^63", says: "huge", "Pad", bytes: onnx("Pad", [[.max, .max, .max, .max]])),
    HostileModel(
      "Pad to 2^34", says: "huge", "268435456",
      bytes: onnx("Pad", [[65536, 65536, 65536, 65536]])),
    HostileModel(
      "Resize by 2^24", says: "huge", "Resize",
      bytes: HostileONNX.model(shape: ["1", "1", "4", "4"]) { sample in
        sample.constant("s", [4], floats: [1, 1, 0x1p24, 0x1p24])
        sample.node("Resize", ["x", "", "s"], ["y"], name: "huge")
      }),
    HostileModel(
      "Resize to 2^32", says: "huge", "Resize", "element",
      bytes: HostileONNX.model(shape: ["1", "1", "4", "4"]) { sample in
        sample.constant("n", integers: [1, 1, 65536, 65536])
        sample.node("Resize", ["x", "", "", "n"], ["y"], name: "huge")
      }),
    HostileModel(
      "ConstantOfShape of 2^62", code: 12, says: "huge", "ConstantOfShape", "16777216",
      bytes: onnx("ConstantOfShape", [[1 << 31, 1 << 31]], reads: [])),
    HostileModel(
      "ConstantOfShape of 2^25", code: 12, says: "huge", "ConstantOfShape", "16777216",
      bytes: onnx("ConstantOfShape", [[1 << 25]], reads: [])),
    HostileModel(
      "Range to 2^63", says: "huge", "Range", "16777216",
      bytes: onnx("Range", [[0], [.max], [1]], reads: [])),
    HostileModel(
      "OneHot of 2^40 classes", code: 12, says: "huge", "OneHot", "16777216",
      bytes: onnx("OneHot", [[1], [1 << 40], [0, 1]], reads: [])),
    HostileModel(
      "an identity matrix of 2^26", code: 12, says: "huge", "EyeLike", "16777216",
      bytes: onnx("EyeLike", [], shape: ["8192", "8192"])),
    HostileModel(
      "Trilu of 2^26", says: "huge", "Trilu", "16777216",
      bytes: onnx("Trilu", [], shape: ["8192", "8192"])),
    HostileModel(
      "GatherND of 2^32 slices' elements", says: "huge", "GatherND", "element",
      bytes: HostileONNX.model(shape: ["1", "16777216"]) { sample in
        sample.constant(
          "p", [256, 1], type: 7, raw: [UInt8](repeating: 0, count: 256 * 8))
        sample.node("GatherND", ["x", "p"], ["y"], name: "huge")
      }),
    HostileModel(
      "a result of a convolution of 2^40", says: "huge", "element",
      bytes: HostileONNX.model(shape: ["1", "1", "4", "4"]) { sample in
        sample.constant("w", [1, 1, 1, 1], floats: [1])
        sample.node(
          "ConvTranspose", ["x", "w"], ["y"], ["strides": .ints([65536, 65536])], name: "huge")
      }),
    HostileModel(
      "a hundred constants of 2^24", code: 12, says: "fill", "ConstantOfShape", "MiB",
      bytes: HostileONNX.model { sample in
        sample.constant("n", integers: [1 << 24])
        for index in 0..<100 {
          sample.node("ConstantOfShape", ["n"], ["c\(index)"], name: "fill\(index)")
        }
        sample.node("Relu", ["x"], ["y"])
      }),
    HostileModel(
      "a thousand sums over one constant of 2^24", code: 12, says: "sum", "ReduceSum", "steps",
      bytes: HostileONNX.model { sample in
        sample.constant("n", integers: [1 << 24])
        sample.node("ConstantOfShape", ["n"], ["c"])
        for index in 0..<1000 {
          sample.node("ReduceSum", ["c"], ["s\(index)"], name: "sum\(index)")
        }
        sample.node("Relu", ["x"], ["y"])
      }),
    HostileModel(
      "trees of 65536 targets", code: 12, says: "huge", "TreeEnsembleRegressor", "16777216",
      bytes: trees()),
  ]

  /// Leaves that each add to two of 65536 targets, so that each is a row of all.
  private static func trees() -> [UInt8] {
    let leaves = 1000
    let ids = Array(0...2 * leaves)
    let inner = ids.filter { $0 < leaves }
    return HostileONNX.model { sample in
      sample.node(
        "TreeEnsembleRegressor", ["x"], ["y"],
        [
          "nodes_treeids": .ints(ids.map { _ in 0 }), "nodes_nodeids": .ints(ids),
          "nodes_modes": .strings(ids.map { $0 < leaves ? "BRANCH_LEQ" : "LEAF" }),
          "nodes_featureids": .ints(ids.map { _ in 0 }),
          "nodes_values": .floats(ids.map { Float($0) }),
          "nodes_truenodeids": .ints(ids.map { $0 < leaves ? leaves + $0 : 0 }),
          "nodes_falsenodeids": .ints(
            ids.map { inner.contains($0) ? ($0 + 1 < leaves ? $0 + 1 : 2 * leaves) : 0 }),
          "target_treeids": .ints([0, 0]), "target_nodeids": .ints([leaves, leaves]),
          "target_ids": .ints([0, 65535]), "target_weights": .floats([1, 1]),
          "n_targets": .int(65536),
        ], name: "huge", domain: "ai.onnx.ml")
    }
  }

  // MARK: TFLite

  /// One operator of a float x [1, 4] and int32 lists; its result has the shape stated.
  private static func tflite(
    _ code: Int32, _ lists: [[Int32]], shape: [Int] = [1, 4], result: [Int]
  ) -> [UInt8] {
    var sample = TFLiteFile()
    sample.inputs = [sample.tensor("x", .float32, shape)]
    let constants = lists.enumerated().map {
      sample.constant("c\($0.offset)", integers: $0.element)
    }
    sample.outputs = [sample.tensor("huge", .float32, result)]
    sample.node(code, sample.inputs + constants, sample.outputs)
    return sample.bytes
  }

  static let tflite: [HostileModel] = [
    HostileModel(
      "TILE to 2^28", says: "huge", "TILE", result,
      bytes: tflite(69, [[1 << 13, 1 << 13]], result: [1 << 13, 1 << 15])),
    HostileModel(
      "BROADCAST_TO 2^62", says: "huge", "BROADCAST_TO", "element",
      bytes: tflite(130, [[1 << 30, 1 << 30, 1, 4]], result: [1, 4])),
    HostileModel(
      "PAD to 2^34", says: "huge", "element",
      bytes: tflite(34, [[65536, 65536, 65536, 65536]], result: [131_073, 131_076])),
    HostileModel(
      "RESIZE_NEAREST_NEIGHBOR to 2^32", says: "huge", "element",
      bytes: tflite(97, [[65536, 65536]], shape: [1, 4, 4, 1], result: [1, 65536, 65536, 1])),
    HostileModel(
      "SCATTER_ND into 2^40", says: "huge", "SCATTER_ND", "element",
      bytes: {
        var sample = TFLiteFile()
        sample.inputs = [sample.tensor("x", .float32, [1])]
        let places = sample.tensor("p", .int32, [1, 1], data: [0, 0, 0, 0])
        let shape = sample.constant("n", integers: [1 << 20, 1 << 20])
        sample.outputs = [sample.tensor("huge", .float32, [1])]
        sample.node(122, [places, sample.inputs[0], shape], sample.outputs)
        return sample.bytes
      }()),
    HostileModel(
      "FILL of 2^40", says: "huge", "FILL",
      bytes: {
        var sample = TFLiteFile()
        sample.inputs = [sample.tensor("x", .float32, [1])]
        let value = sample.constant("v", [1], floats: [1])
        let shape = sample.constant("n", integers: [1 << 20, 1 << 20])
        sample.outputs = [sample.tensor("huge", .float32, [1])]
        sample.node(94, [shape, value], sample.outputs)
        return sample.bytes
      }()),
    HostileModel(
      "SPLIT_V into 2^63", says: "huge", "SPLIT_V",
      bytes: wide(102, [[.max, .max], [1]])),
    HostileModel(
      "SLICE of 2^63", says: "huge", "SLICE",
      bytes: wide(65, [[1, 1], [.max, .max]])),
    HostileModel(
      "blocks of 2^80", says: "huge", "blocks",
      bytes: {
        var sample = TFLiteFile()
        sample.inputs = [sample.tensor("x", .float32, [1, 1, 1, 65536])]
        let blocks = sample.constant("b", integers: [65536, 65536, 65536])
        let crops = sample.tensor(
          "c", .int32, [3, 2], data: [UInt8](repeating: 0, count: 24))
        sample.outputs = [sample.tensor("huge", .float32, [1])]
        sample.node(37, [sample.inputs[0], blocks, crops], sample.outputs)
        return sample.bytes
      }()),
  ]

  /// One operator of x [1, 4] and int64 lists.
  private static func wide(_ code: Int32, _ lists: [[Int64]]) -> [UInt8] {
    var sample = TFLiteFile()
    sample.inputs = [sample.tensor("x", .float32, [1, 4])]
    let constants = lists.enumerated().map { sample.constant("c\($0.offset)", wide: $0.element) }
    sample.outputs = [
      sample.tensor("huge", .float32, [1, 2]), sample.tensor("z", .float32, [1, 2]),
    ]
    sample.node(
      code, sample.inputs + constants, code == 102 ? sample.outputs : [sample.outputs[0]])
    return sample.bytes
  }
}
