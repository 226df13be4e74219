public import PlanFormat
public import Wire

/// Why a model cannot be loaded or a call cannot be made.
public enum RuntimeError: Error, Equatable, Sendable {
  /// The plan is not valid.
  case plan(PlanError)
  /// The prepared image is corrupt or was made by another version; `install` makes a new one.
  case image(String)
  /// The golden vectors section is corrupt.
  case vectors(WireError)
  /// A golden vector came out differently: this device does not compute what the packer computed.
  case mismatch(vector: Int, output: Int, element: Int, expected: Int, got: Int)
  /// So many threads cannot be had.
  case threads(Int)
  /// An input value that is not a number.
  case notANumber(element: Int)

  /// What was wrong, where, and what to do.
  public var message: String {
    switch self {
    case .plan(let error): return error.message
    case .image(let reason): return "the prepared image \(reason); install the bundle again"
    case .vectors(let error): return "the golden vectors are corrupt: \(error.message)"
    case .mismatch(let vector, let output, let element, let expected, let got):
      return
        "golden vector \(vector) differs at output \(output), element \(element): expected \(expected), got \(got); this device must not run the model"
    case .threads(let count): return "\(count) threads cannot be had; ask for fewer"
    case .notANumber(let element): return "input element \(element) is not a number"
    }
  }
}
