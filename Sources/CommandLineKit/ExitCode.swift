/// What a program's exit code says.
public enum ExitCode: Int32, Sendable, CaseIterable {
  /// Done.
  case success = 0
  /// Failed: unreadable, corrupt, no space.
  case failed = 1
  /// Called wrongly, or something is missing that only the caller can give.
  case usage = 2
  /// A signature or a digest does not hold.
  case untrusted = 10
  /// A bundle for another runtime, plan version or CPU.
  case incompatible = 11
  /// A model with an operator we do not have.
  case unsupportedOperator = 12
  /// A gate, an alarm or an expectation was not met.
  case threshold = 13
  /// A budget of the device is exceeded.
  case deviceLimit = 14
  /// Interrupted by a signal.
  case interrupted = 130

  /// One phrase for the manual.
  var help: String {
    switch self {
    case .success: return "done"
    case .failed: return "failed: unreadable or corrupt input, no space, no such file"
    case .usage: return "wrong command line, or something only the caller can give is missing"
    case .untrusted: return "a signature or a digest does not hold"
    case .incompatible: return "made for another runtime, plan version or CPU"
    case .unsupportedOperator: return "the model has an operator that is not supported"
    case .threshold: return "a gate, an alarm threshold or an expectation was not met"
    case .deviceLimit: return "a budget of the device is exceeded"
    case .interrupted: return "interrupted"
    }
  }
}

/// A command that could not do its work.
public struct CommandFailure: Error, Sendable {
  /// What the process exits with.
  public let code: ExitCode
  /// What was wrong, and where.
  public let message: String
  /// What to do.
  public let hint: String?

  /// A failure.
  public init(_ code: ExitCode, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }
}
