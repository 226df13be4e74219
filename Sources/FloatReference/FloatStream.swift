public import ModelGraph

/// Items of recordings run in order by the float reference: what a model keeps goes from one to the
/// next, and starts anew with a recording.
public struct FloatStream {
  private let executor: FloatExecutor
  private let starts: RecordingStarts
  private var states: [TensorData]
  private var item = 0

  /// Begins before the first item.
  public init(_ executor: FloatExecutor, starts: RecordingStarts = RecordingStarts()) {
    self.executor = executor
    self.starts = starts
    states = executor.initialStates
  }

  /// Runs the next item.
  ///
  /// - Parameters and errors as of ``FloatExecutor/run(inputs:states:observing:)``.
  public mutating func run(
    inputs: [TensorData], observing observe: (ValueID, TensorData) -> Void = { _, _ in }
  ) throws(GraphError) -> [TensorData] {
    if starts.contains(item) { states = executor.initialStates }
    item += 1
    return try executor.run(inputs: inputs, states: &states, observing: observe)
  }
}
