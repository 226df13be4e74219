public import Wire

/// Why bytes are not a plan this runtime can execute.
public enum PlanError: Error, Equatable, Sendable {
  /// The bytes end early or hold a number out of bounds.
  case malformed(WireError)
  /// Not a plan at all.
  case notAPlan
  /// Written by a newer packer.
  case version(UInt16)
  /// A value breaks a rule of the format; the text names the tensor or instruction and the rule.
  case invalid(String)

  /// What was wrong and where.
  public var message: String {
    switch self {
    case .malformed(let error): "the plan is cut short or corrupt: \(error.message)"
    case .notAPlan: "these bytes are not a plan"
    case .version(let found):
      "the plan has version \(found), this runtime reads versions 1 to \(Plan.formatVersion)"
    case .invalid(let rule): "the plan is not valid: \(rule)"
    }
  }
}

/// Limits of the plan format: with them no size, offset or index overflows 32 bits.
public enum PlanLimits {
  /// Tensors of a plan.
  public static let tensors = 4096
  /// Instructions of a plan.
  public static let instructions = 4096
  /// Inputs, outputs or taps.
  public static let ports = 256
  /// Axes of a tensor.
  public static let rank = 6
  /// Size of one axis, and elements of one tensor.
  public static let elements = 1 << 26
  /// Arena and weights section.
  public static let bytes = 1 << 29
  /// Multiply-accumulates of one inference.
  public static let multiplyAccumulates: UInt64 = 1 << 53
  /// UTF-8 bytes of a name.
  public static let nameBytes = 256
  /// Taps of an averaging window: 2^23 of them sum below 2^31.
  public static let averagedTaps = 1 << 23
  /// Kernel extents, strides, dilations and paddings.
  public static let window = 4096
  /// Blocks of a move.
  public static let moveBlocks = 4096
  /// Axes of a block: those of a tensor, two of them in two parts.
  public static let moveAxes = 8
  /// Taps of a row or column of a resize.
  public static let resizeTaps = 64
  /// Elements of one softmax row: 2^20 entries of 2^40 sum below 2^63.
  public static let softmaxRow = 1 << 20
}
