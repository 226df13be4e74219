public import BundleFormat
import ModelGraph
import PlanFormat
import Quantizer

/// A packed release that another one follows, so that a delta between them is small.
public struct QuantizedRelease: Sendable {
  /// Decibels that following may cost against the best way found without; beyond, it is not followed.
  public var decibelsLost = 1.0
  /// Levels of the base are kept this far beyond half a step; nil keeps none.
  public var deadZone: Float?
  private let plan: Plan
  private let weights: [UInt8]
  private let method: String

  /// What a report's method ends with where weights were equalised.
  static let equalizedMark = ", equalised"

  /// Reads a release.
  ///
  /// - Throws: `PackError` for a bundle that cannot be followed: of trees, or quantised elsewhere.
  public init(_ bundle: VerifiedBundle) throws(PackError) {
    guard let method = bundle.manifest.quantization?.method,
      let plan = try? Plan(decoding: bundle.section(.plan)),
      let weights = try? bundle.section(.weights),
      plan.instructions.allSatisfy({ instruction in
        instruction.operation.constants.allSatisfy { $0.offset + $0.byteCount <= weights.count }
      })
    else {
      throw PackError(
        .failed, "the base was not quantised by pack: its integers cannot be followed",
        hint: "leave out --base; swiftlet delta works without it too")
    }
    self.plan = plan
    self.weights = weights
    self.method = method
  }

  /// What the quantiser follows; nil where this program does not know how the release was made.
  var base: QuantizationBase? {
    let isEqualized = method.hasSuffix(Self.equalizedMark)
    let summary = isEqualized ? String(method.dropLast(Self.equalizedMark.count)) : method
    guard let method = QuantizationMethod(summary: summary) else { return nil }
    var layers: [String: QuantizationBase.Layer] = [:]
    for instruction in plan.instructions { layers[instruction.name] = layer(of: instruction) }
    let activations = plan.tensors.map { tensor in
      (tensor.name, Quantization(scale: tensor.scale, zeroPoint: tensor.zeroPoint))
    }
    return QuantizationBase(
      layers: layers, activations: Dictionary(activations) { first, _ in first }, method: method,
      isEqualized: isEqualized, deadZone: deadZone)
  }

  private func layer(of instruction: Instruction) -> QuantizationBase.Layer? {
    let (levels, requantization): (ConstantReference, Requantization)
    switch instruction.operation {
    case .convolution2D(let parameters), .depthwiseConvolution2D(let parameters):
      (levels, requantization) = (parameters.weights, parameters.requantization)
    case .groupedConvolution(let parameters):
      (levels, requantization) =
        (parameters.convolution.weights, parameters.convolution.requantization)
    case .fullyConnected(let parameters):
      (levels, requantization) = (parameters.weights, parameters.requantization)
    default: return nil
    }
    let input = Double(plan.tensors[instruction.inputs[0].position].scale)
    let output = Double(plan.tensors[instruction.output.position].scale)
    // A multiplier has 31 bits, a scale 24: what the multiplier was made of comes out exactly.
    let scales = effectiveScales(requantization).map { Float($0 * output / input) }
    return QuantizationBase.Layer(
      levels: bytes(levels).map { Int8(bitPattern: $0) }, scales: scales)
  }

  /// Multiplier · 2^(shift − 31) of every channel.
  private func effectiveScales(_ requantization: Requantization) -> [Double] {
    let multipliers = bytes(requantization.multipliers)
    return bytes(requantization.shifts).enumerated().map { channel, shift in
      let multiplier = (0..<4).reduce(UInt32(0)) { sum, byte in
        sum | UInt32(multipliers[4 * channel + byte]) << UInt32(8 * byte)
      }
      let exponent = Int(Int8(bitPattern: shift)) - 31
      return Double(sign: .plus, exponent: exponent, significand: Double(multiplier))
    }
  }

  private func bytes(_ constant: ConstantReference) -> [UInt8] {
    Array(weights[constant.offset..<constant.offset + constant.byteCount])
  }
}
