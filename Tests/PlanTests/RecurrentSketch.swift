import PlanFormat
import Wire

/// A random recurrent layer: its numbers as a plan holds them, and what they mean.
struct RecurrentSketch {
  typealias Parameters = RecurrentParameters

  var cell: Parameters.Cell
  var direction: Parameters.Direction
  var result: Parameters.Result
  var isWide: Bool
  var steps: Int
  var features: Int
  var units: Int
  var zeroPoint: Int32
  var weights: [Int8]
  var recurrentWeights: [Int8]
  var bias: [Int32]
  var inputScales: [FixedPointScale]
  var recurrentScales: [FixedPointScale]
  /// Samples and exponents.
  var functions: [(samples: [Int16], exponent: Int)]
  var clip: Int32
  var cellClip: Int32
  /// Constants; empty where a state starts from zeros or an operand.
  var initialHidden: [Int16] = []
  var initialCell: [Int32] = []
  /// Operands after the input: values, zero point, scale.
  var states: [(values: [Int16], zeroPoint: Int32, scale: FixedPointScale)] = []
  var outputScale: FixedPointScale
  var outputZeroPoint: Int32

  var directions: Int { direction.count }
  var resultShape: [Int] {
    result == .sequence ? [steps, directions, units] : [directions, units]
  }

  init(cell: Parameters.Cell, isWide: Bool, _ random: inout SplitMix64) {
    self.cell = cell
    self.isWide = isWide
    direction = random.one(of: Parameters.Direction.allCases)
    result = random.one(
      of: cell == .lstm ? [.sequence, .finalHidden, .finalCell] : [.sequence, .finalHidden])
    (steps, features, units) = (random.int(1...6), random.int(1...9), random.int(1...7))
    zeroPoint = isWide ? 0 : random.zeroPoint()
    let rows = direction.count * cell.gates * units
    weights = random.weights(rows * features)
    recurrentWeights = random.weights(rows * units)
    bias = random.biases(direction.count * cell.biases * units)
    // Mostly such that sums reach the bends of the functions; some far beyond.
    func scales(_ magnitude: Double) -> [FixedPointScale] {
      (0..<rows).map { _ in
        random.one(of: [
          FixedPointScale(nearestTo: magnitude * Double(random.int(1...200)) / 100),
          FixedPointScale(
            multiplier: random.multiplier(), shift: Int32(random.int(-31...30))),
        ])
      }
    }
    inputScales = scales(isWide ? 0.05 : 12)
    recurrentScales = scales(0.02)
    functions = (0..<cell.functions).map { _ in
      let half = Int.random(in: 1...32768, using: &random)
      let curve = (0..<Parameters.SampledFunction.count).map { index in
        Int16(clamping: half * (index - 256) / 256)
      }
      let noise = (0..<Parameters.SampledFunction.count).map { _ in
        Int16(random.int(-32768...32767))
      }
      return (random.one(of: [curve, curve, noise]), random.int(0...6))
    }
    clip = random.one(of: [1 << 30, 1 << 30, 1 << 17, 0])
    cellClip = random.one(of: [.max, .max, 1 << 16, 0])
    outputScale = FixedPointScale(nearestTo: random.one(of: [1 / 256, 1, 1 / 4096]))
    let isWideResult = isWide
    outputZeroPoint = isWideResult ? 0 : random.zeroPoint()
    let count = direction.count * units
    let levels = isWide ? -32768...32767 : -128...127
    switch random.int(0...2) {
    case 0: break
    case 1:
      initialHidden = (0..<count).map { _ in Int16(random.int(-32768...32767)) }
      if cell == .lstm {
        initialCell = (0..<count).map { _ in
          Int32(random.int(Int(Int32.min)...Int(Int32.max)))
        }
      }
    default:
      states = (0..<random.int(1...(cell == .lstm ? 2 : 1))).map { _ in
        (
          (0..<count).map { _ in Int16(random.int(levels)) }, isWide ? 0 : random.zeroPoint(),
          FixedPointScale(multiplier: random.multiplier(), shift: Int32(random.int(-31...30)))
        )
      }
    }
  }

  /// A plan of the layer alone.
  func sketch() -> PlanSketch {
    var sketch = PlanSketch()
    let element: PlanElement = isWide ? .int16 : .int8
    let x = sketch.tensor("x", [steps, features], element: element, zeroPoint: zeroPoint)
    let operands = states.enumerated().map { position, state in
      sketch.tensor(
        "state\(position)", [directions, units], element: element, zeroPoint: state.zeroPoint)
    }
    let parameters = parameters(in: &sketch)
    sketch.emit(
      "recurrent", .recurrent(parameters), [x] + operands, resultShape, element: element,
      zeroPoint: outputZeroPoint)
    return sketch
  }

  func parameters(in sketch: inout PlanSketch) -> Parameters {
    func stored(_ scales: [FixedPointScale]) -> Parameters.RowScales {
      Parameters.RowScales(
        multipliers: sketch.constant(scales.map(\.multiplier)),
        shifts: sketch.constant(scales.map { Int8($0.shift) }))
    }
    func state(_ position: Int) -> Parameters.StateScale {
      guard position < states.count else { return .none }
      return Parameters.StateScale(
        zeroPoint: states[position].zeroPoint, scale: states[position].scale)
    }
    return Parameters(
      cell: cell, direction: direction, result: result, inputZeroPoint: zeroPoint,
      weights: sketch.constant(weights), recurrentWeights: sketch.constant(recurrentWeights),
      bias: sketch.constant(bias), inputScales: stored(inputScales),
      recurrentScales: stored(recurrentScales),
      functions: functions.map { function in
        Parameters.SampledFunction(
          samples: sketch.constant(halves: function.samples), exponent: function.exponent)
      },
      clip: clip, cellClip: cellClip, initialHidden: sketch.constant(halves: initialHidden),
      initialCell: sketch.constant(initialCell), hiddenOperand: state(0), cellOperand: state(1),
      outputScale: outputScale, outputZeroPoint: outputZeroPoint)
  }
}

extension PlanSketch {
  mutating func constant(halves values: [Int16]) -> ConstantReference {
    var writer = ByteWriter()
    for value in values { writer.u16(UInt16(bitPattern: value)) }
    return constant(writer.bytes)
  }
}
