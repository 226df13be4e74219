import TestSupport

/// TFLite models made to harm.
enum HostileTFLite {
  /// RELU of x [1, 4], changed by the body before it is written.
  static func model(_ change: (inout TFLiteFile) -> Void) -> [UInt8] {
    var sample = TFLiteFile()
    sample.inputs = [sample.tensor("x", .float32, [1, 4])]
    sample.outputs = [sample.tensor("y", .float32, [1, 4])]
    sample.node(19, sample.inputs, sample.outputs)
    change(&sample)
    return sample.bytes
  }

  /// x [1, 4] through a dense layer of int8 weights with parameters of their own.
  private static func dense(
    scales: [Float], zeroPoints: [Int64], axis: Int32 = 0, weights: [UInt8]? = nil,
    input: Float = 0.5, inputZero: Int64 = 0
  ) -> [UInt8] {
    var sample = TFLiteFile()
    sample.inputs = [
      sample.tensor("x", .int8, [1, 4], scales: [input], zeroPoints: [inputZero])
    ]
    let matrix = sample.tensor(
      "w", .int8, [4, 4], data: weights ?? [UInt8](repeating: 1, count: 16), scales: scales,
      zeroPoints: zeroPoints, axis: axis)
    sample.outputs = [sample.tensor("y", .int8, [1, 4], scales: [1], zeroPoints: [0])]
    sample.node(9, [sample.inputs[0], matrix], sample.outputs)
    return sample.bytes
  }

  // MARK: The file

  /// A root table, and bytes behind it, written by hand.
  private static func raw(_ words: [UInt32]) -> [UInt8] {
    words[0].bytes + Array("TFL3".utf8) + words.dropFirst().flatMap(\.bytes)
  }

  static let files: [HostileModel] = [
    HostileModel(
      "eight bytes", says: "leads out of the file", bytes: raw([0xFFFF_FFFF])),
    HostileModel("a root at itself", says: "leads out of the file", bytes: raw([0])),
    HostileModel("a root at the end", says: "outside", bytes: raw([8])),
    HostileModel(
      "a vtable before the file", says: "vtable", "outside", bytes: raw([8, 0x7FFF_FFFF])),
    HostileModel(
      "a vtable behind the file", says: "outside", bytes: raw([8, 0x8000_0000])),
    HostileModel("a vtable that is its table", says: "vtable", bytes: raw([8, 0, 0, 0])),
    HostileModel(
      "a vtable longer than the file", says: "outside",
      bytes: raw([12, 0x0008_FFFE, 4])),
    HostileModel(
      "a vtable of odd size", says: "not valid", bytes: raw([12, 0x0008_0005, 4, 0])),
    HostileModel(
      "a table larger than the file", says: "outside", bytes: raw([12, 0xFFF0_0006, 4, 0])),
    HostileModel(
      "a field outside of its table", says: "lies outside of it",
      bytes: raw([16, 0x0008_0006, 0x0000_1000, 8, 0])),
    HostileModel("another version", says: "version 4", bytes: model { $0.version = 4 }),
    HostileModel("no graph", says: "inputs or outputs", bytes: model { $0.subgraphs = [] }),
    HostileModel(
      "a vector of 2^32 - 1 elements", says: "outside the file",
      bytes: model { $0.tensors[0][0] = .vector([], stride: 4, count: .max) }),
    HostileModel(
      "2^32 - 1 tables", says: "outside the file",
      bytes: FlatBufferWriter(
        root: [0: .integer(UInt32(3)), 2: .tables([], count: .max)], identifier: "TFL3"
      ).bytes),
    HostileModel(
      "an offset to itself", says: "leads out of the file",
      bytes: model { $0.tensors[0][3] = .offset(0) }),
    HostileModel(
      "an offset behind the file", says: "leads out of the file",
      bytes: model { $0.tensors[0][3] = .offset(0x7FFF_FFFF) }),
    HostileModel(
      "a name that is no UTF-8", says: "UTF-8",
      bytes: model { $0.tensors[0][3] = .vector([0xC3, 0x28], stride: 1) }),
    HostileModel(
      "a name of lines and escapes", says: "control character",
      bytes: model { $0.tensors[0][3] = .string("a\n\u{1B}[2Jswiftlet: all is well") }),
    HostileModel(
      "a name of 5000 bytes", says: "too long",
      bytes: model { $0.tensors[0][3] = .string(String(repeating: "n", count: 5000)) }),
  ]

  // MARK: The graph

  /// Graphs that each hand x to another by IF.
  private static func calls(_ count: Int, _ next: (Int) -> Int) -> [UInt8] {
    model { sample in
      let yes = sample.tensor("yes", .bool, [1], data: [1])
      sample.codes[0] = [0: .byte(118), 3: .integer(Int32(118))]
      sample.operators[0][1] = .integers([yes] + sample.inputs)
      let graph = sample.graph
      sample.subgraphs = (0..<count).map { number in
        var graph = graph
        var operation = sample.operators[0]
        operation[3] = .byte(92)
        operation[4] = .table([
          0: .integer(Int32(next(number))), 1: .integer(Int32(next(number))),
        ])
        graph[3] = .tables([operation])
        graph[0] = .tables(sample.tensors)
        return graph
      }
    }
  }

  static let graphs: [HostileModel] = [
    HostileModel("no inputs", says: "inputs or outputs", bytes: model { $0.inputs = [] }),
    HostileModel(
      "an input that does not exist", says: "inputs or outputs", bytes: model { $0.inputs = [99] }),
    HostileModel(
      "an input of -1", says: "inputs or outputs", bytes: model { $0.inputs = [-1] }),
    HostileModel(
      "an operand that does not exist", says: "tensor that does not exist",
      bytes: model { $0.operators[0][1] = .integers([Int32(7)]) }),
    HostileModel(
      "an operand of -2", says: "tensor that does not exist",
      bytes: model { $0.operators[0][1] = .integers([Int32(-2)]) }),
    HostileModel(
      "a result of -1", says: "tensor that does not exist",
      bytes: model { $0.operators[0][2] = .integers([Int32(-1)]) }),
    HostileModel(
      "an operator code that does not exist", says: "code 4294967295",
      bytes: model { $0.operators[0][0] = .integer(UInt32.max) }),
    HostileModel(
      "a buffer that does not exist", says: "buffer 4294967295",
      bytes: model { $0.tensors[0][2] = .integer(UInt32.max) }),
    HostileModel(
      "a buffer outside the file", says: "x", "outside the file",
      bytes: model { sample in
        sample.buffers.append([1: .integer(UInt64(1) << 40), 2: .integer(UInt64(16))])
        sample.tensors[0][2] = .integer(UInt32(1))
      }),
    HostileModel(
      "an operator without operands", says: "operand 0 is missing",
      bytes: model { $0.operators[0][1] = .integers([Int32]()) }),
    HostileModel(
      "an operator without results", says: "0 results",
      bytes: model { $0.operators[0][2] = .integers([Int32]()) }),
    HostileModel(
      "an operator with two thousand operands", says: "limit 1024",
      bytes: model { $0.operators[0][1] = .integers([Int32](repeating: 0, count: 2000)) }),
    HostileModel(
      "a cycle", says: "cycle", "b",
      bytes: model { sample in
        let a = sample.tensor("a", .float32, [1, 4])
        let b = sample.tensor("b", .float32, [1, 4])
        sample.node(19, [b], [a])
        sample.node(19, [a], [b])
        sample.outputs = [b]
      }),
    HostileModel(
      "an operator that reads itself", says: "cycle", "y",
      bytes: model { $0.operators[0][1] = .integers($0.outputs) }),
    HostileModel(
      "two operators of one result", says: "computed twice",
      bytes: model { $0.node(0, [$0.inputs[0], $0.inputs[0]], $0.outputs) }),
    HostileModel(
      "a result that is an input", says: "computed twice",
      bytes: model { $0.node(0, [$0.inputs[0], $0.inputs[0]], $0.inputs) }),
    HostileModel(
      "an output named twice", says: "twice",
      bytes: model { $0.outputs += $0.outputs }),
    HostileModel(
      "an output nothing computes", says: "computes nothing",
      bytes: model { $0.outputs = [$0.tensor("z", .float32, [1, 4])] }),
    HostileModel(
      "a custom operator", code: 12, says: "CUSTOM(Evil)",
      bytes: model { $0.codes[0] = [0: .byte(32), 1: .string("Evil"), 3: .integer(Int32(32))] }),
    HostileModel(
      "an operator from the future", code: 12, says: "BUILTIN_9999",
      bytes: model { $0.codes[0] = [0: .byte(127), 3: .integer(Int32(9999))] }),
    HostileModel(
      "an operator nobody runs", code: 12, says: "EMBEDDING_LOOKUP_SPARSE",
      bytes: model { $0.codes[0] = [0: .byte(33), 3: .integer(Int32(33))] }),
    HostileModel("a graph that calls itself", says: "inside itself", bytes: calls(1) { _ in 0 }),
    HostileModel(
      "a thousand graphs inside each other", says: "deeper than 16",
      bytes: calls(1000) { min($0 + 1, 999) }),
    HostileModel(
      "options of another operator", says: "options of type 8",
      bytes: model { sample in
        sample.node(
          25, sample.inputs, sample.outputs, options: (8, [0: .float(1)]))
      }),
  ]

  /// One operator of a constant list, weights and x.
  private static func behind(_ code: Int32, _ list: [Int64]) -> [UInt8] {
    var sample = TFLiteFile()
    sample.inputs = [sample.tensor("x", .float32, [1, 1, 1, 4])]
    let weights = sample.constant(
      "w", [1, 1, 1, 4], floats: [Float](repeating: 1, count: 4))
    sample.outputs = [sample.tensor("y", .float32, [1, 1, 1, 1])]
    let first = sample.constant("n", wide: list)
    sample.node(code, [first, weights, sample.inputs[0]], sample.outputs)
    return sample.bytes
  }

  static let operators: [HostileModel] = [
    HostileModel(
      "TRANSPOSE_CONV to a size of 2^63 - 1", says: "y", "9223372036854775807",
      bytes: behind(67, [1, .max, .max, 1])),
    HostileModel(
      "GATHER_ND from a scalar", says: "y", "positions",
      bytes: {
        var sample = TFLiteFile()
        sample.inputs = [sample.tensor("x", .float32, [])]
        let places = sample.tensor("p", .int32, [1, 1], data: [0, 0, 0, 0])
        sample.outputs = [sample.tensor("y", .float32, [1])]
        sample.node(107, [sample.inputs[0], places], sample.outputs)
        return sample.bytes
      }()),
  ]

  // MARK: Tensors

  static let tensors: [HostileModel] = [
    HostileModel(
      "nine dimensions", says: "limit 8",
      bytes: model { $0.tensors[0][0] = .integers([Int32](repeating: 1, count: 9)) }),
    HostileModel(
      "a dimension below zero", says: "x", "positive",
      bytes: model { $0.tensors[0][0] = .integers([Int32(1), -4]) }),
    HostileModel(
      "a dimension of 0", says: "x", "positive",
      bytes: model { $0.tensors[0][0] = .integers([Int32(1), 0]) }),
    HostileModel(
      "a product of dimensions beyond 2^63", says: "x", "268435456",
      bytes: model { $0.tensors[0][0] = .integers([Int32](repeating: 1 << 28, count: 8)) }),
    HostileModel(
      "2^28 elements", says: "x", "134217728",
      bytes: model { $0.tensors[0][0] = .integers([Int32(1 << 14), 1 << 14]) }),
    HostileModel(
      "an open dimension", says: "x", "open",
      bytes: model { $0.tensors[0][7] = .integers([Int32(1), -1]) }),
    HostileModel(
      "strings", code: 12, says: "x", "type 5",
      bytes: model { $0.tensors[0][1] = .byte(5) }),
    HostileModel(
      "a type that does not exist", code: 12, says: "x", "type 200",
      bytes: model { $0.tensors[0][1] = .byte(200) }),
    HostileModel(
      "fewer bytes than the shape asks for", says: "w", "15 bytes",
      bytes: dense(
        scales: [1], zeroPoints: [0], weights: [UInt8](repeating: 1, count: 15))),
    HostileModel(
      "a result of another shape than stated", says: "y", "[1, 4]",
      bytes: model { $0.tensors[1][0] = .integers([Int32(1), 5]) }),
    HostileModel(
      "a bias that is no number", says: "infinity",
      bytes: model { sample in
        let c = sample.constant("c", [4], floats: [.nan, 0, 0, 0])
        sample.node(0, [sample.inputs[0], c], [sample.tensor("z", .float32, [1, 4])])
        sample.outputs.append(Int32(sample.tensors.count - 1))
      }),
  ]

  static let scales: [HostileModel] =
    [Float.nan, .infinity, 0, -1].map { scale in
      HostileModel(
        "a scale of \(scale)", says: "w", "positive number",
        bytes: dense(scales: [scale], zeroPoints: [0]))
    } + [
      HostileModel(
        "an input's scale of 0", says: "x", "positive number",
        bytes: dense(scales: [1], zeroPoints: [0], input: 0)),
      HostileModel(
        "a zero point out of range", says: "x", "-128...127",
        bytes: dense(scales: [1], zeroPoints: [0], inputZero: 1 << 40)),
      HostileModel(
        "a zero point of weights that is not 0", says: "must be 0",
        bytes: dense(scales: [1], zeroPoints: [3])),
      HostileModel(
        "three scales for four rows", says: "3 scales",
        bytes: dense(scales: [1, 1, 1], zeroPoints: [0, 0, 0])),
      HostileModel(
        "four scales and two zero points", says: "4 quantisation scales and 2",
        bytes: dense(scales: [1, 1, 1, 1], zeroPoints: [0, 0])),
      HostileModel(
        "scales along an axis that does not exist", says: "axis 9",
        bytes: dense(scales: [1, 1, 1, 1], zeroPoints: [0, 0, 0, 0], axis: 9)),
      HostileModel(
        "scales along the wrong axis", says: "axis 1",
        bytes: dense(scales: [1, 1, 1, 1], zeroPoints: [0, 0, 0, 0], axis: 1)),
    ]
}

extension UInt32 {
  fileprivate var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
}
