import DeviceRuntime
import DriftStatistics
import Lowering
import ModelGraph
import PlanFormat
import Quantizer

/// Runs the reference rows through the integer kernels and the taps, and cuts the contract's bins:
/// the same source that will count on the device.
struct ReferenceBuilder {
  /// Windows drawn for the null distribution: a hundred beyond the alarm rate of 0.001.
  static let draws = 100_000
  /// Seed of those draws.
  static let seed: UInt64 = 0x5377_6966_746c_6574
  /// Fewest rows a reference is made from.
  static let rowsMin = NullDistribution.referenceMinimum

  let drafts: [TapDraft]
  let lowered: LoweredModel
  let encodings: [InputEncoding]
  /// How ranks are formed, of a model of trees.
  let ranks: [[RankColumn]]
  let windowItems: Int
  let samplingPeriod: Int
  let alarmRate: Double

  /// The contract and its reference.
  func make(
    _ rows: [[TensorData]], starts: RecordingStarts
  ) throws(PackError) -> (contract: TelemetryContract, reference: ReferenceStatistics) {
    do throws(TapError) {
      return try build(rows, starts)
    } catch {
      throw PackError(.failed, "the drift reference cannot be made: \(error.message)")
    }
  }

  private func build(
    _ rows: [[TensorData]], _ starts: RecordingStarts
  ) throws(TapError) -> (contract: TelemetryContract, reference: ReferenceStatistics) {
    var evaluators: [TapEvaluator] = []
    for (index, draft) in drafts.enumerated() {
      let tensor = lowered.plan.tensors[lowered.plan.taps[index].position]
      let source = TapSource(shape: tensor.shape, isWide: tensor.element == .int16)
      guard !source.isWide || source.elements <= TapEvaluator.wideElementLimit else {
        throw TapError.badShape(tap: index, elements: source.elements, channels: source.channels)
      }
      evaluators.append(
        try TapEvaluator(
          draft.function, elements: source.elements, channels: source.channels, tap: index))
    }
    let values = try evaluate(rows, starts, evaluators)
    let bins = TapBinning.binCount(windowItems: windowItems)
    let taps = drafts.enumerated().map { index, draft -> Tap in
      let cut = TapBinning.cut(
        values.map { $0[index] }, categories: draft.categories.count, bins: bins)
      return Tap(
        name: draft.name, unit: draft.unit, stage: draft.stage, source: index,
        function: draft.function, displayScale: draft.displayScale,
        displayOffset: draft.displayOffset, edges: cut.edges, lowest: cut.lowest,
        highest: cut.highest, categories: draft.categories)
    }
    let contract = TelemetryContract(
      windowItems: windowItems, samplingPeriod: samplingPeriod, alarmRate: alarmRate, taps: taps)
    let reference = try ReferenceStatistics.make(
      contract: contract, values: values, draws: Self.draws, seed: Self.seed)
    return (contract, reference)
  }

  private func evaluate(
    _ rows: [[TensorData]], _ starts: RecordingStarts, _ evaluators: [TapEvaluator]
  ) throws(TapError) -> [[Int32]] {
    var values: [[Int32]] = []
    do throws(PackError) {
      let model = try IntegerModel(lowered, ranks: ranks)
      let isWide = lowered.plan.taps.map { lowered.plan.tensors[$0.position].element == .int16 }
      for (position, row) in rows.enumerated() {
        if starts.contains(position) { model.session.reset() }
        _ = try model.run(row)
        values.append(
          evaluators.enumerated().map { index, evaluator in
            evaluator.evaluate(model.session.tap(index), isWide: isWide[index])
          })
      }
    } catch {
      throw .badRows
    }
    return values
  }
}
