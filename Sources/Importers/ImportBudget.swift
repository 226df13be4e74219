import ModelGraph

/// What importing may take beyond the file itself: a few bytes can ask for tensors without end.
struct ImportBudget {
  private var bytes: Int
  private var steps: Int
  private let byteLimit: Int

  /// The budget for a file of `fileBytes`; a large model may take more than a small one.
  init(fileBytes: Int) {
    byteLimit = ImportLimits.derivedBytes + 8 * fileBytes
    bytes = byteLimit
    steps = ImportLimits.foldedSteps + 64 * fileBytes
  }

  /// Counts a constant that is kept.
  mutating func keep(_ data: TensorData) { bytes -= data.count * data.type.byteCount }

  /// Counts what an operation lists.
  mutating func keep(_ operation: any Operation) { bytes -= operation.attributeBytes }

  /// Counts a node that is computed while importing.
  mutating func compute(
    _ operation: any Operation, _ operands: [Value?], _ results: [TensorData]
  ) {
    let types = operands.map { $0?.type }
    let elements = types.reduce(0) { $0 + ($1?.shape.reduce(1, *) ?? 0) }
    steps -= elements + results.reduce(0) { $0 + $1.count }
    steps -= operation.multiplyAccumulates(types)
  }

  /// Throws when the node just mapped took what was left.
  func check(_ operation: String, node: String) throws(GraphError) {
    guard bytes >= 0 else {
      throw GraphError.unsupported(
        operation: operation, node: node,
        reason: "up to here the model's constants and lists of positions take more than the limit "
          + "of \(byteLimit >> 20) MiB; export it with smaller shapes")
    }
    guard steps >= 0 else {
      throw GraphError.unsupported(
        operation: operation, node: node,
        reason: "up to here the model's constants take more to compute than the limit of "
          + "\(ImportLimits.foldedSteps >> 20) million steps; fold them when exporting")
    }
  }
}
