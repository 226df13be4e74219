import TestSupport
import Testing

/// One recurrent layer of 3 steps, 2 items, 2 features and 2 units, and what onnxruntime computes.
struct RecurrentCase: Sendable, CustomTestStringConvertible {
  var name: String
  var operation: String
  var direction = "forward"
  var activations: [String] = []
  var clip: Float?
  var linearBeforeReset: Int?
  var hasBias = true
  var hasStates = false
  var hasPeepholes = false
  var lengths: [Int] = []
  /// Y, Y_h and, of an LSTM, Y_c, one after another.
  var expected: [Float]

  init(
    _ name: String, _ operation: String, direction: String = "forward",
    activations: [String] = [], clip: Float? = nil, linearBeforeReset: Int? = nil,
    hasBias: Bool = true, hasStates: Bool = false, hasPeepholes: Bool = false,
    lengths: [Int] = [], expected: [Float]
  ) {
    self.name = name
    self.operation = operation
    self.direction = direction
    self.activations = activations
    self.clip = clip
    self.linearBeforeReset = linearBeforeReset
    self.hasBias = hasBias
    self.hasStates = hasStates
    self.hasPeepholes = hasPeepholes
    self.lengths = lengths
    self.expected = expected
  }

  var testDescription: String { name }
  var directions: Int { direction == "bidirectional" ? 2 : 1 }
  var gates: Int { ["LSTM": 4, "GRU": 3][operation] ?? 1 }

  /// The k-th element of a tensor: ((7919·k + 104729·salt) mod 201 − 100) / 100
  static func tensor(_ shape: [Int], salt: Int, scale: Float = 1) -> [Float] {
    (0..<shape.reduce(1, *)).map { k in
      Float((k * 7919 + salt * 104_729) % 201 - 100) / 100 * scale
    }
  }

  /// The layer as a model file, its weights constant or inputs; with `layout` 1 the batch is first.
  func model(layout: Int = 0) -> [UInt8] {
    var sample = ONNXSample()
    sample.input("x", layout == 1 ? ["2", "3", "2"] : ["3", "2", "2"])
    let rows = gates * 2
    sample.constant(
      "w", [directions, rows, 2], floats: Self.tensor([directions, rows, 2], salt: 1))
    sample.constant(
      "r", [directions, rows, 2], floats: Self.tensor([directions, rows, 2], salt: 2))
    let biases = [directions, 2 * rows]
    if hasBias { sample.constant("b", biases, floats: Self.tensor(biases, salt: 3)) }
    let state = layout == 1 ? [2, directions, 2] : [directions, 2, 2]
    for (salt, name) in [(4, "h"), (5, "c")] where hasStates {
      sample.constant(name, state, floats: Self.tensor(state, salt: salt))
    }
    let peepholes = [directions, 6]
    if hasPeepholes { sample.constant("p", peepholes, floats: Self.tensor(peepholes, salt: 6)) }
    if !lengths.isEmpty { sample.constant("l", integers: lengths) }
    var attributes: [String: ONNXSample.Attribute] = [
      "hidden_size": .int(2), "direction": .string(direction),
    ]
    if layout == 1 { attributes["layout"] = .int(1) }
    if !activations.isEmpty { attributes["activations"] = .strings(activations) }
    if let clip { attributes["clip"] = .float(clip) }
    if let linearBeforeReset { attributes["linear_before_reset"] = .int(linearBeforeReset) }
    let isLSTM = operation == "LSTM"
    sample.node(
      operation,
      [
        "x", "w", "r", hasBias ? "b" : "", lengths.isEmpty ? "" : "l", hasStates ? "h" : "",
      ] + (isLSTM ? [hasStates ? "c" : "", hasPeepholes ? "p" : ""] : []),
      ["y", "yh"] + (isLSTM ? ["yc"] : []), attributes)
    for name in ["y", "yh"] + (isLSTM ? ["yc"] : []) { sample.output(name) }
    return sample.bytes
  }

  /// Recorded from onnxruntime 1.31.1 with tensors of salts 1 to 6 and the input of salt 7, scale 2.0
  static let all = [
    RecurrentCase(
      "LSTM", "LSTM",
      expected: [
        -0.058562, -0.145159, -0.13504, -0.043811, -0.021138, 0.136715, -0.022938, 0.107443,
        -0.026757, -0.123352, -0.072206, 0.036763, -0.026757, -0.123352, -0.072206, 0.036763,
        -0.147151, -0.185764, -0.259271, 0.064984,
      ]),
    RecurrentCase(
      "LSTM backwards, states", "LSTM", direction: "reverse", hasStates: true,
      expected: [
        -0.138589, 0.045872, 0.160369, 0.14477, -0.271244, 0.137874, 0.486435, 0.104633, -0.101882,
        -0.127005, 0.304505, -0.102687, -0.138589, 0.045872, 0.160369, 0.14477, -0.618279, 0.078466,
        0.382878, 0.323787,
      ]),
    RecurrentCase(
      "LSTM both ways, peepholes", "LSTM", direction: "bidirectional", hasStates: true,
      hasPeepholes: true,
      expected: [
        -0.330422, -0.069564, 0.255879, 0.014395, 0.16321, -0.205707, 0.334131, -0.208139, -0.20593,
        0.127766, 0.50378, 0.104365, -0.035289, 0.083916, -0.060347, 0.16893, -0.088053, -0.157644,
        0.118642, -0.082855, 0.053769, -0.409081, 0.260662, 0.177124, -0.088053, -0.157644,
        0.118642, -0.082855, 0.16321, -0.205707, 0.334131, -0.208139, -0.395292, -0.236353,
        0.648015, -0.148261, 0.302719, -0.512968, 0.466348, -0.548551,
      ]),
    RecurrentCase(
      "LSTM clipped", "LSTM", clip: 0.5,
      expected: [
        -0.068141, -0.096179, -0.114295, -0.048287, 0.046751, 0.082385, 0.001982, 0.091416,
        -0.047925, -0.061698, -0.070579, -0.041676, -0.047925, -0.061698, -0.070579, -0.041676,
        -0.127629, -0.099446, -0.18917, -0.074129,
      ]),
    RecurrentCase(
      "LSTM of other functions", "LSTM", activations: ["HardSigmoid", "Softsign", "Relu"],
      hasBias: false,
      expected: [
        0.0, 0.0, 0.0, 0.0, 0.041562, 0.137929, 0.090718, 0.120239, 0.0, 0.0, 0.0, 0.102052, 0.0,
        0.0, 0.0, 0.102052, -0.203602, -0.002878, -0.251195, 0.162486,
      ]),
    RecurrentCase(
      "LSTM, lengths", "LSTM", direction: "bidirectional", lengths: [3, 2],
      expected: [
        -0.058562, -0.145159, -0.13504, -0.043811, 0.164744, -0.268928, 0.347517, -0.275175,
        -0.021138, 0.136715, -0.022938, 0.107443, -0.03597, 0.033677, -0.061138, 0.138027,
        -0.026757, -0.123352, 0.0, 0.0, 0.05672, -0.222163, 0.0, 0.0, -0.026757, -0.123352,
        -0.022938, 0.107443, 0.164744, -0.268928, 0.347517, -0.275175, -0.147151, -0.185764,
        -0.026552, 0.793125, 0.298427, -0.565633, 0.478625, -0.60493,
      ]),
    RecurrentCase(
      "GRU", "GRU",
      expected: [
        0.144107, -0.026688, 0.149069, 0.392517, -0.791335, -0.099336, -0.623704, 0.265847,
        -0.300134, -0.42391, -0.243516, 0.211817, -0.300134, -0.42391, -0.243516, 0.211817,
      ]),
    RecurrentCase(
      "GRU, reset after", "GRU", direction: "bidirectional", linearBeforeReset: 1, hasStates: true,
      expected: [
        -0.159124, 0.265202, 0.686356, -0.025114, 0.53788, -0.235447, 0.766473, -0.184505,
        -0.728198, 0.134108, -0.653898, -0.073901, 0.16814, -0.088268, 0.553358, -0.206872,
        0.025982, -0.199794, -0.16888, 0.225306, 0.279631, -0.309523, 0.631189, -0.324625, 0.025982,
        -0.199794, -0.16888, 0.225306, 0.53788, -0.235447, 0.766473, -0.184505,
      ]),
    RecurrentCase(
      "GRU, reset before", "GRU", direction: "bidirectional", linearBeforeReset: 0, hasStates: true,
      expected: [
        -0.285966, 0.124765, 0.576266, -0.06735, 0.641927, -0.372702, 0.81797, -0.342596, -0.778439,
        0.006502, -0.653607, -0.120714, 0.360461, -0.261106, 0.65221, -0.318551, -0.281008,
        -0.39876, -0.290304, 0.117808, 0.443854, -0.468707, 0.678894, -0.431676, -0.281008,
        -0.39876, -0.290304, 0.117808, 0.641927, -0.372702, 0.81797, -0.342596,
      ]),
    RecurrentCase(
      "GRU clipped", "GRU", clip: 0.5, linearBeforeReset: 1,
      expected: [
        0.232999, -0.026688, 0.174468, 0.258995, -0.199682, -0.19108, -0.22178, -0.013254, 0.212261,
        -0.331663, 0.077103, 0.086017, 0.212261, -0.331663, 0.077103, 0.086017,
      ]),
    RecurrentCase(
      "RNN", "RNN", direction: "bidirectional", hasStates: true,
      expected: [
        0.878601, -0.954563, 0.713757, -0.539394, 0.188259, 0.27406, 0.662065, -0.193052, -0.955324,
        0.979082, -0.723418, 0.950774, 0.855826, -0.413247, 0.848803, -0.481861, 0.662305,
        -0.982523, 0.896881, -0.980082, -0.17779, 0.441909, -0.817688, 0.850179, 0.662305,
        -0.982523, 0.896881, -0.980082, 0.188259, 0.27406, 0.662065, -0.193052,
      ]),
    RecurrentCase(
      "RNN of relu", "RNN", activations: ["Relu"], hasBias: false,
      expected: [
        0.7232, 0.0, 1.576, 0.0, 0.0, 2.057232, 0.0, 2.58236, 0.0, 0.0, 0.703106, 0.0, 0.0, 0.0,
        0.703106, 0.0,
      ]),
  ]
}
