import Importers
import ModelSamples
import TestSupport

/// A use of every TFLite operator that is no function of one image.
enum TFLiteExamples {
  typealias Example = OperatorExample
  private static let image = OperatorExample.image
  private static let row = OperatorExample.Operand.input([1, 6])
  private static let convolution: FlatBufferFields = [0: .byte(1), 1: .int32(1), 2: .int32(1)]
  private static let pool: FlatBufferFields = convolution.merging([
    3: .int32(2), 4: .int32(2),
  ]) { $1 }
  private static func reduction(_ element: Example.Element = .real) -> OperatorExample {
    Example(
      [.input(image, element), .integers([1, 2])], [.init([1, 4], element)],
      options: .init(type: 27, fields: [:]))
  }

  /// By the schema's name.
  static let standard: [String: OperatorExample] = [
    "ADD": .two,
    "ARG_MAX": Example([row, .integer(1)], [.init([1], .integer)]),
    "ARG_MIN": Example([row, .integer(1)], [.init([1], .integer)]),
    "ASSIGN_VARIABLE": Example(tflite: variable),
    "ATAN2": .two,
    "AVERAGE_POOL_2D": Example(
      [.input(image)], [.init([1, 3, 3, 4])], options: .init(type: 5, fields: pool)),
    "BATCH_MATMUL": Example([.input([1, 4, 6]), .input([1, 6, 4])], [.init([1, 4, 4])]),
    "BATCH_TO_SPACE_ND": Example(
      [.input([4, 2, 2, 4]), .integers([2, 2]), .positions([2, 2], [0, 0, 0, 0])],
      [.init([1, 4, 4, 4])]),
    "BROADCAST_TO": Example([.input([1, 1, 1, 4]), .integers(image)], [.init(image)]),
    "CALL_ONCE": Example(tflite: variable),
    "CAST": Example([.input(image, .integer)], [.init()]),
    "CONCATENATION": Example(
      [.input(image), .input(image)], [.init([1, 4, 4, 8])],
      options: .init(type: 10, fields: [0: .int32(3)])),
    "CONV_2D": Example(
      [.input(image), .weights([4, 3, 3, 4]), .bias([4])], [.init([1, 2, 2, 4])],
      options: .init(type: 1, fields: convolution)),
    "CUMSUM": Example([row, .integer(1)], options: .init(type: 102, fields: [:])),
    "DEPTHWISE_CONV_2D": Example(
      [.input(image), .weights([1, 3, 3, 4]), .bias([4])], [.init([1, 2, 2, 4])],
      options: .init(type: 2, fields: convolution.merging([3: .int32(1)]) { $1 })),
    "DEPTH_TO_SPACE": Example(
      [.input(image)], [.init([1, 8, 8, 1])], options: .init(type: 94, fields: [0: .int32(2)])),
    "DENSIFY": Example(file: { SparseModel.bytes }),
    "DEQUANTIZE": Example(tflite: roundTrip),
    "DIV": Example([.input(image), .input(image)], isPositive: true),
    "EQUAL": .comparison,
    "EXPAND_DIMS": Example([.input([4, 6]), .integer(0)], [.init([1, 4, 6])]),
    "FILL": Example([.integers([1, 3]), .reals([], [1])], [.init([1, 3])]),
    "FLOOR_DIV": Example([.input(image), .input(image)], isPositive: true),
    "FLOOR_MOD": Example([.input(image), .input(image)], isPositive: true),
    "FULLY_CONNECTED": Example(
      [row, .weights([4, 6]), .bias([4])], [.init([1, 4])], options: .init(type: 8, fields: [:])),
    "GATHER": Example(
      [row, .integers([2, 0])], [.init([1, 2])], options: .init(type: 23, fields: [0: .int32(1)])),
    "GATHER_ND": Example([row, .positions([1, 2], [0, 3])], [.init([1])]),
    "GREATER": .comparison,
    "GREATER_EQUAL": .comparison,
    "IF": Example(tflite: choice),
    "L2_NORMALIZATION": Example([row]),
    "LEAKY_RELU": Example(options: .init(type: 75, fields: [0: .float(0.1)])),
    "LESS": .comparison,
    "LESS_EQUAL": .comparison,
    "LOG": .positive,
    "LOGICAL_AND": .logic,
    "LOGICAL_NOT": Example([.input(image, .truth)], [.init(nil, .truth)]),
    "LOGICAL_OR": .logic,
    "LOGISTIC": Example(grid: (1.0 / 256, -128)),
    "LOG_SOFTMAX": Example([row], grid: (16.0 / 256, 127)),
    "LSTM": Example(
      [.input([1, 4])] + [OperatorExample.Operand](repeating: .weights([4, 4]), count: 8)
        + [.absent, .absent, .absent]
        + [OperatorExample.Operand](repeating: .bias([4]), count: 4)
        + [.absent, .absent, .variable([1, 4]), .variable([1, 4])],
      [.init([1, 4])], options: .init(type: 14, fields: [0: .byte(4)])),
    "MAXIMUM": .two,
    "MAX_POOL_2D": Example(
      [.input(image)], [.init([1, 3, 3, 4])], options: .init(type: 5, fields: pool)),
    "MEAN": reduction(),
    "MINIMUM": .two,
    "MIRROR_PAD": Example(
      [.input(image), .positions([4, 2], [0, 0, 1, 1, 1, 1, 0, 0])], [.init([1, 6, 6, 4])]),
    "MUL": .two,
    "NOT_EQUAL": .comparison,
    "PACK": Example(
      [row, row], [.init([2, 1, 6])], options: .init(type: 59, fields: [0: .int32(2)])),
    "PAD": Example(
      [.input(image), .positions([4, 2], [0, 0, 1, 1, 1, 1, 0, 0])], [.init([1, 6, 6, 4])]),
    "PADV2": Example(
      [.input(image), .positions([4, 2], [0, 0, 1, 1, 1, 1, 0, 0]), .reals([1], [0.5])],
      [.init([1, 6, 6, 4])]),
    "POW": Example([.input(image), .reals([], [2])], isPositive: true),
    "PRELU": Example([.input(image), .reals([1, 1, 4])]),
    "QUANTIZE": Example(tflite: roundTrip),
    "RANGE": Example([.integer(0), .integer(4), .integer(1)], [.init([4], .integer)]),
    "READ_VARIABLE": Example(tflite: variable),
    "REDUCE_ALL": reduction(.truth),
    "REDUCE_ANY": reduction(.truth),
    "REDUCE_MAX": reduction(),
    "REDUCE_MIN": reduction(),
    "REDUCE_PROD": reduction(),
    "RESHAPE": Example([.input(image), .integers([1, 64])], [.init([1, 64])]),
    "RESIZE_BILINEAR": Example(
      [.input(image), .integers([8, 8])], [.init([1, 8, 8, 4])],
      options: .init(type: 15, fields: [3: .byte(1)])),
    "RESIZE_NEAREST_NEIGHBOR": Example(
      [.input(image), .integers([8, 8])], [.init([1, 8, 8, 4])]),
    "REVERSE_V2": Example([.input(image), .integers([1])]),
    "RSQRT": .positive,
    "SCATTER_ND": Example(
      [.positions([2, 1], [3, 1]), .input([2, 4]), .integers([5, 4])], [.init([5, 4])]),
    "SELECT": Example([.input(image, .truth), .input(image), .input(image)], [.init(image)]),
    "SELECT_V2": Example([.input(image, .truth), .input(image), .input(image)], [.init(image)]),
    "SHAPE": Example([.input(image)], [.init([4], .integer)]),
    "SLICE": Example(
      [.input(image), .integers([0, 1, 0, 0]), .integers([1, 2, 4, 4])], [.init([1, 2, 4, 4])]),
    "SOFTMAX": Example(
      [row], options: .init(type: 9, fields: [0: .float(1)]), grid: (1.0 / 256, -128)),
    "SPACE_TO_BATCH_ND": Example(
      [.input(image), .integers([2, 2]), .positions([2, 2], [0, 0, 0, 0])],
      [.init([4, 2, 2, 4])]),
    "SPACE_TO_DEPTH": Example(
      [.input(image)], [.init([1, 2, 2, 16])], options: .init(type: 19, fields: [0: .int32(2)])),
    "SPLIT": Example([.integer(3), .input(image)], [.init([1, 4, 4, 2]), .init([1, 4, 4, 2])]),
    "SPLIT_V": Example(
      [.input(image), .integers([1, 3]), .integer(3)],
      [.init([1, 4, 4, 1]), .init([1, 4, 4, 3])]),
    "SQRT": .positive,
    "SQUARED_DIFFERENCE": .two,
    "SQUEEZE": Example([.input([1, 1, 6])], [.init([1, 6])]),
    "STRIDED_SLICE": Example(
      [
        .input(image), .integers([0, 1, 0, 0]), .integers([1, 4, 4, 4]), .integers([1, 2, 1, 1]),
      ],
      [.init([1, 2, 4, 4])]),
    "STABLEHLO_COMPOSITE": Example(tflite: composite),
    "SUB": .two,
    "SUM": reduction(),
    "SVDF": Example(
      [.input([1, 4]), .weights([4, 4]), .weights([4, 3]), .bias([2]), .variable([1, 12])],
      [.init([1, 2])], options: .init(type: 6, fields: [0: .int32(2)])),
    "TANH": Example(grid: (1.0 / 128, 0)),
    "TILE": Example([.input(image), .integers([1, 2, 1, 1])], [.init([1, 8, 4, 4])]),
    "TOPK_V2": Example([row, .integer(2)], [.init([1, 2]), .init([1, 2], .integer)]),
    "TRANSPOSE": Example(
      [.input([1, 2, 3, 4]), .integers([0, 3, 1, 2])], [.init([1, 4, 2, 3])]),
    "TRANSPOSE_CONV": Example(
      [.integers([1, 5, 5, 4]), .weights([4, 2, 2, 4]), .input(image), .bias([4])],
      [.init([1, 5, 5, 4])], options: .init(type: 49, fields: convolution)),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Example(
      [.input([1, 3, 4])] + [OperatorExample.Operand](repeating: .weights([4, 4]), count: 8)
        + [.absent, .absent, .absent]
        + [OperatorExample.Operand](repeating: .bias([4]), count: 4)
        + [OperatorExample.Operand](repeating: .absent, count: 8),
      [.init([1, 3, 4])], options: .init(type: 71, fields: [0: .byte(4)])),
    "UNPACK": Example(
      [.input([1, 2, 6])], [.init([1, 6]), .init([1, 6])],
      options: .init(type: 64, fields: [0: .int32(2), 1: .int32(1)])),
    "VAR_HANDLE": Example(tflite: variable),
    "WHILE": Example(tflite: loop),
    "ZEROS_LIKE": Example([row]),
  ]

  /// Reals to integers and back.
  @Sendable private static func roundTrip() -> TFLiteFile {
    var model = TFLiteFile()
    let input = model.tensor("x0", image)
    let integers = model.tensor("q0", .int8, image, scales: [1 / 128], zeroPoints: [0])
    let output = model.tensor("r0", image)
    model.node(code("QUANTIZE"), [input], [integers])
    model.node(code("DEQUANTIZE"), [integers], [output])
    model.interface(inputs: [input], outputs: [output])
    return model
  }

  /// The schema's number of an operator.
  private static func code(_ name: String) -> Int32 {
    Int32(ReadableOperator(format: .tflite, domain: "", name: name).code ?? -1)
  }

  /// A subgraph of one function of an image.
  private static func function(_ name: String) -> TFLiteFile {
    var graph = TFLiteFile()
    let input = graph.tensor("\(name)/x", image)
    let output = graph.tensor("\(name)/y", image)
    graph.node(code(name), [input], [output])
    graph.interface(inputs: [input], outputs: [output])
    return graph
  }

  @Sendable private static func choice() -> TFLiteFile {
    var model = TFLiteFile()
    let condition = model.tensor("c", .bool, [], data: [1])
    let input = model.tensor("x0", image)
    let output = model.tensor("r0", image)
    model.node(
      code("IF"), [condition, input], [output],
      options: (type: 92, fields: [0: .int32(1), 1: .int32(2)]))
    model.interface(inputs: [input], outputs: [output])
    model.subgraph(function("RELU"))
    model.subgraph(function("ABS"))
    return model
  }

  @Sendable private static func composite() -> TFLiteFile {
    var model = TFLiteFile()
    let input = model.tensor("x0", image)
    let output = model.tensor("r0", image)
    model.node(
      code("STABLEHLO_COMPOSITE"), [input], [output],
      options: (type: 1021, fields: [0: .string("relu"), 1: .int32(1)]))
    model.interface(inputs: [input], outputs: [output])
    model.subgraph(function("RELU"))
    return model
  }

  /// Twice a relu, counted by a constant.
  @Sendable private static func loop() -> TFLiteFile {
    func integer(_ value: Int) -> [UInt8] { OperatorExample.raw([value], size: 4) }
    var test = TFLiteFile()
    let tested = [test.tensor("t/i", .int32, []), test.tensor("t/x", image)]
    let limit = test.tensor("t/limit", .int32, [], data: integer(2))
    let goesOn = test.tensor("t/less", .bool, [])
    test.node(code("LESS"), [tested[0], limit], [goesOn])
    test.interface(inputs: tested, outputs: [goesOn])
    var body = TFLiteFile()
    let before = [body.tensor("b/i", .int32, []), body.tensor("b/x", image)]
    let one = body.tensor("b/one", .int32, [], data: integer(1))
    let after = [body.tensor("b/next", .int32, []), body.tensor("b/y", image)]
    body.node(code("ADD"), [before[0], one], [after[0]])
    body.node(code("RELU"), [before[1]], [after[1]])
    body.interface(inputs: before, outputs: after)
    var model = TFLiteFile()
    let start = model.tensor("start", .int32, [], data: integer(0))
    let input = model.tensor("x0", image)
    let results = [model.tensor("count", .int32, []), model.tensor("r0", image)]
    model.node(
      code("WHILE"), [start, input], results,
      options: (type: 93, fields: [0: .int32(1), 1: .int32(2)]))
    model.interface(inputs: [input], outputs: [results[1]])
    model.subgraph(test)
    model.subgraph(body)
    return model
  }

  /// A sum of all images so far, from 0.5 on.
  @Sendable private static func variable() -> TFLiteFile {
    func handle(_ graph: inout TFLiteFile) -> Int32 {
      let handle = graph.tensor("handle", .resource, [])
      graph.node(
        code("VAR_HANDLE"), [], [handle], options: (type: 111, fields: [1: .string("sum")]))
      return handle
    }
    var initializer = TFLiteFile()
    let first = initializer.tensor(
      "i/first", image, data: OperatorExample.raw([Float](repeating: 0.5, count: 64)))
    let initial = handle(&initializer)
    initializer.node(code("ASSIGN_VARIABLE"), [initial, first], [])
    initializer.interface(inputs: [], outputs: [])
    var model = TFLiteFile()
    let input = model.tensor("x0", image)
    let kept = model.tensor("kept", image)
    let output = model.tensor("r0", image)
    model.node(code("CALL_ONCE"), [], [], options: (type: 103, fields: [0: .int32(1)]))
    let sum = handle(&model)
    model.node(code("READ_VARIABLE"), [sum], [kept])
    model.node(code("ADD"), [input, kept], [output])
    model.node(code("ASSIGN_VARIABLE"), [sum, output], [])
    model.interface(inputs: [input], outputs: [output])
    model.subgraph(initializer)
    return model
  }
}
