public import DeviceRuntime
public import Lowering
public import ModelGraph
import PlanFormat

/// A lowered model in a session: what the device will compute, run on the host.
public struct IntegerModel {
  /// The session.
  public let session: Session

  /// Loads a lowered model.
  ///
  /// - Throws: `PackError` when plan and weights do not go together: a defect of Lowering.
  public init(_ lowered: LoweredModel) throws(PackError) {
    do throws(RuntimeError) {
      session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    } catch {
      throw PackError(.failed, error.message)
    }
  }

  /// Runs on a session already loaded.
  public init(session: Session) { self.session = session }

  /// Fills the inputs with an item of reals.
  public func load(_ item: [TensorData]) throws(PackError) {
    for (position, tensor) in item.enumerated() {
      do throws(RuntimeError) {
        try EdgeCodec.quantize(
          tensor.floats ?? [], tensor: session.inputTensor(position),
          into: session.input(position))
      } catch {
        throw PackError(.failed, error.message)
      }
    }
  }

  /// Runs one item of reals.
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
      EdgeCodec.dequantize(
        session.output(position), tensor: session.outputTensor(position))
    }
  }
}
