public import BundleFormat
public import DeviceRuntime
public import Lowering
public import ModelGraph
public import PlanFormat

/// A lowered model in a session: what the device will compute, run on the host.
public struct IntegerModel {
  /// The session.
  public let session: Session
  private let ranks: [[RankColumn]]
  private let links: [ScoreLink]

  /// Loads a lowered model.
  ///
  /// - Parameters:
  ///   - lowered: the model.
  ///   - ranks: how each input's ranks are formed; empty for inputs that are quantised.
  ///   - links: what turns each output into scores; empty for none.
  /// - Throws: `PackError` when plan and weights do not go together: a defect of Lowering.
  public init(
    _ lowered: LoweredModel, ranks: [[RankColumn]] = [], links: [ScoreLink] = []
  ) throws(PackError) {
    self.ranks = ranks
    self.links = links
    do throws(RuntimeError) {
      session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    } catch {
      throw PackError(.failed, error.message)
    }
  }

  /// Runs on a session already loaded, with the encodings that its bundle states.
  public init(session: Session, entry: PlanEntry) {
    self.session = session
    ranks = entry.inputs.map(\.ranks)
    links = entry.outputs.map(\.link)
  }

  /// Fills the inputs with an item of reals.
  public func load(_ item: [TensorData]) throws(PackError) {
    for (position, tensor) in item.enumerated() {
      if position < ranks.count, !ranks[position].isEmpty {
        EdgeCodec.rank(
          (tensor.floats ?? [])[...], columns: ranks[position],
          tensor: session.inputTensor(position), into: session.input(position))
        continue
      }
      do throws(RuntimeError) {
        try EdgeCodec.quantize(
          tensor.floats ?? [], tensor: session.inputTensor(position),
          into: session.input(position))
      } catch {
        throw PackError(.failed, error.message)
      }
    }
  }

  /// Begins a recording: what the model keeps starts anew.
  public func reset() { session.reset() }

  /// Runs items of reals in order, as recordings.
  ///
  /// - Returns: for each the outputs, dequantised.
  public func run(
    _ items: [[TensorData]], starts: RecordingStarts
  ) throws(PackError) -> [[[Float]]] {
    var all: [[[Float]]] = []
    for (index, item) in items.enumerated() {
      if starts.contains(index) { reset() }
      all.append(try run(item))
    }
    return all
  }

  /// Runs one item of reals, after the last one where the model keeps states.
  ///
  /// - Returns: each output dequantised.
  public func run(_ item: [TensorData]) throws(PackError) -> [[Float]] {
    try load(item)
    session.run()
    return outputs
  }

  /// Each output after a run, dequantised.
  public var outputs: [[Float]] {
    session.plan.outputs.indices.map { position in
      let scores = EdgeCodec.dequantize(
        session.output(position), tensor: session.outputTensor(position))
      return position < links.count ? links[position].apply(scores) : scores
    }
  }
}
