/// A recurrent layer over time: the loop over steps is inside the instruction.
///
/// The input is read as [steps, features]. Inside, real = integer · 2^-15 for hidden states and the
/// results of functions (int16), integer · 2^-16 for cells and pre-activations (int32). Rows of
/// weights are in ONNX's order of gates: LSTM i, o, f, c; GRU z, r, h. Numerics has the formulas.
public struct RecurrentParameters: Sendable, Equatable {
  /// What happens at a step.
  public enum Cell: UInt8, Sendable, CaseIterable {
    /// h = f(W·x + R·h + b).
    case simple = 1
    /// Long short-term memory.
    case lstm = 2
    /// Gated recurrent unit; the reset gate multiplies the hidden state.
    case gru = 3
    /// Gated recurrent unit; the reset gate multiplies the product of the hidden state and R.
    case gruResetAfter = 4

    /// Rows of weights per hidden unit.
    public var gates: Int {
      switch self {
      case .simple: 1
      case .lstm: 4
      case .gru, .gruResetAfter: 3
      }
    }

    /// Biases per hidden unit: one per gate; the candidate's product with R has its own where it is
    /// multiplied by the reset gate.
    public var biases: Int { self == .gruResetAfter ? 4 : gates }

    /// Functions: of all gates, of the candidate, of the cell.
    public var functions: Int {
      switch self {
      case .simple: 1
      case .lstm: 3
      case .gru, .gruResetAfter: 2
      }
    }
  }

  /// The order of steps.
  public enum Direction: UInt8, Sendable, CaseIterable {
    case forward = 1
    case reverse = 2
    /// First forward, then reverse, each with its own weights and states.
    case both = 3

    /// Passes over the sequence.
    public var count: Int { self == .both ? 2 : 1 }
  }

  /// What the instruction writes.
  public enum Result: UInt8, Sendable, CaseIterable {
    /// The hidden state of every step, [steps, directions, hidden], at the step it belongs to.
    case sequence = 1
    /// The hidden state after the last step, [directions, hidden].
    case finalHidden = 2
    /// The cell after the last step, [directions, hidden]; LSTM only.
    case finalCell = 3
  }

  /// Factors of 32-bit accumulators, one per row of weights.
  public struct RowScales: Sendable, Equatable {
    /// Int32 little-endian, M = multiplier · 2^(shift − 31).
    public var multipliers: ConstantReference
    /// Int8.
    public var shifts: ConstantReference

    /// Creates the factors.
    public init(multipliers: ConstantReference, shifts: ConstantReference) {
      self.multipliers = multipliers
      self.shifts = shifts
    }
  }

  /// A function of one variable: 513 int16 little-endian, its values · 2^15 at 512 equal steps from
  /// −2^exponent to 2^exponent; straight between them, constant beyond.
  public struct SampledFunction: Sendable, Equatable {
    /// The samples.
    public var samples: ConstantReference
    /// Half the width of the domain is 2^exponent, exponent in 0…6.
    public var exponent: Int

    /// Creates a function.
    public init(samples: ConstantReference, exponent: Int) {
      self.samples = samples
      self.exponent = exponent
    }

    /// Samples of every function.
    public static let count = 513
    /// Exponents of the domain.
    public static let exponents = 0...6
  }

  /// How a state operand becomes a state: integer = round((q − zeroPoint) · scale).
  public struct StateScale: Sendable, Equatable {
    /// Zero point of the operand.
    public var zeroPoint: Int32
    /// Its scale in steps of the state.
    public var scale: FixedPointScale

    /// Creates a scale.
    public init(zeroPoint: Int32, scale: FixedPointScale) {
      self.zeroPoint = zeroPoint
      self.scale = scale
    }

    /// For a state that no operand gives.
    public static let none = StateScale(
      zeroPoint: 0, scale: FixedPointScale(multiplier: 0, shift: 0))
  }

  /// What happens at a step.
  public var cell: Cell
  /// The order of steps.
  public var direction: Direction
  /// What is written.
  public var result: Result
  /// Zero point of the input.
  public var inputZeroPoint: Int32
  /// int8 [directions, gates · hidden, features].
  public var weights: ConstantReference
  /// int8 [directions, gates · hidden, hidden].
  public var recurrentWeights: ConstantReference
  /// Int32 little-endian [directions, biases · hidden], in steps of 2^-16.
  public var bias: ConstantReference
  /// From Σ w · (x − inputZeroPoint) to steps of 2^-16.
  public var inputScales: RowScales
  /// From Σ r · h to steps of 2^-16.
  public var recurrentScales: RowScales
  /// As many as the cell has.
  public var functions: [SampledFunction]
  /// Pre-activations stay within ± this, in steps of 2^-16; at most 2^30.
  public var clip: Int32
  /// Cells stay within ± this, in steps of 2^-16; the largest number where the model has no bound.
  public var cellClip: Int32
  /// Int16 little-endian [directions, hidden]; zeros where empty. The second operand comes first.
  public var initialHidden: ConstantReference
  /// Int32 little-endian [directions, hidden]; zeros where empty. The third operand comes first.
  public var initialCell: ConstantReference
  /// The second operand, if there is one, [directions, hidden].
  public var hiddenOperand: StateScale
  /// The third operand, if there is one, [directions, hidden].
  public var cellOperand: StateScale
  /// From steps of 2^-15, of a cell 2^-16, to the result's.
  public var outputScale: FixedPointScale
  /// Zero point of the result.
  public var outputZeroPoint: Int32

  /// Creates the parameters.
  public init(
    cell: Cell, direction: Direction, result: Result, inputZeroPoint: Int32,
    weights: ConstantReference, recurrentWeights: ConstantReference, bias: ConstantReference,
    inputScales: RowScales, recurrentScales: RowScales, functions: [SampledFunction], clip: Int32,
    cellClip: Int32, initialHidden: ConstantReference, initialCell: ConstantReference,
    hiddenOperand: StateScale,
    cellOperand: StateScale, outputScale: FixedPointScale, outputZeroPoint: Int32
  ) {
    self.cell = cell
    self.direction = direction
    self.result = result
    self.inputZeroPoint = inputZeroPoint
    self.weights = weights
    self.recurrentWeights = recurrentWeights
    self.bias = bias
    self.inputScales = inputScales
    self.recurrentScales = recurrentScales
    self.functions = functions
    self.clip = clip
    self.cellClip = cellClip
    self.initialHidden = initialHidden
    self.initialCell = initialCell
    self.hiddenOperand = hiddenOperand
    self.cellOperand = cellOperand
    self.outputScale = outputScale
    self.outputZeroPoint = outputZeroPoint
  }

  /// The parameters with each constant replaced, in the order of declaration.
  func replacingConstants(
    _ replacement: (ConstantReference) -> ConstantReference
  ) -> RecurrentParameters {
    var parameters = self
    parameters.weights = replacement(weights)
    parameters.recurrentWeights = replacement(recurrentWeights)
    parameters.bias = replacement(bias)
    parameters.inputScales.multipliers = replacement(inputScales.multipliers)
    parameters.inputScales.shifts = replacement(inputScales.shifts)
    parameters.recurrentScales.multipliers = replacement(recurrentScales.multipliers)
    parameters.recurrentScales.shifts = replacement(recurrentScales.shifts)
    for index in functions.indices {
      parameters.functions[index].samples = replacement(functions[index].samples)
    }
    parameters.initialHidden = replacement(initialHidden)
    parameters.initialCell = replacement(initialCell)
    return parameters
  }
}
