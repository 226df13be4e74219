public import ModelGraph

/// Why a bundle is not made.
public struct PackError: Error, Equatable {
  /// What sort of fault it is; the command line exits with a code for each.
  public enum Kind: Sendable {
    case failed, usage, unsupportedOperator, threshold, deviceLimit
  }
  /// What sort of fault it is.
  public let kind: Kind
  /// What was wrong and where.
  public let message: String
  /// What to do.
  public let hint: String?

  /// Creates an error.
  public init(_ kind: Kind, _ message: String, hint: String? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }

  /// A model's fault, with the operator and node named.
  public init(_ error: GraphError) {
    switch error {
    case .malformed(let reason):
      self.init(.failed, "cannot read the model: \(reason)")
    case .unsupported(let operation, let node, let reason):
      self.init(
        .unsupportedOperator, "operator \(operation) of node \(node) is not supported: \(reason)")
    case .invalid(let node, let reason):
      self.init(.failed, "\(node): \(reason)")
    }
  }
}

/// Runs a stage that fails in terms of graphs, and says the same as a `PackError`.
package func fromGraph<Result>(_ body: () throws(GraphError) -> Result) throws(PackError) -> Result
{
  do throws(GraphError) {
    return try body()
  } catch {
    throw PackError(error)
  }
}
