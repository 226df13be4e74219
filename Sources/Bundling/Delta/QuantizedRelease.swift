public import BundleFormat
import Foundation
import ModelGraph
import PlanFormat
import Quantizer

/// A packed release that another one follows, so that a delta between them is small.
public struct QuantizedRelease: Sendable {
  /// Decibels that following may cost: against the release's own figure, or the best way found without
  /// it where that is lower. Where it costs more, the release is not followed.
  public var decibelsLost = 1.0
  /// Levels of the base are kept this far beyond half a step; nil keeps none.
  public var deadZone: Float?
  private let plan: Plan
  private let weights: [UInt8]
  /// How it was made integers, as its report says.
  let report: String
  /// How near its float model it came.
  let decibels: Double

  /// What a report says where weights were equalised.
  static let equalizedMark = "equalised"
  /// How a report ends that names what is held in 16 bits.
  static let wideMark = " in 16 bits"

  /// Reads a release.
  ///
  /// - Throws: `PackError` for a bundle that cannot be followed: of trees, or quantised elsewhere.
  public init(_ bundle: VerifiedBundle) throws(PackError) {
    guard let quantization = bundle.manifest.quantization,
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
    report = quantization.method
    decibels = quantization.outputDecibels
  }

  /// What the quantiser follows; nil where this program does not know how the release was made.
  ///
  /// - Parameter deadZone: how far beyond half a step levels are kept; nil for not at all.
  func base(deadZone: Float?) -> QuantizationBase? {
    var parts = report.components(separatedBy: ", ")
    parts.removeAll { $0.hasSuffix(Self.wideMark) }
    let isEqualized = parts.last == Self.equalizedMark
    if isEqualized { parts.removeLast() }
    guard let method = QuantizationMethod(summary: parts.joined(separator: ", ")) else {
      return nil
    }
    var layers: [String: QuantizationBase.Layer] = [:]
    for instruction in plan.instructions {
      layers[instruction.name] = layer(of: instruction)
      layers[instruction.name]?.deadZone = deadZone
    }
    let activations = plan.tensors.map { tensor in
      (tensor.name, Quantization(scale: tensor.scale, zeroPoint: tensor.zeroPoint))
    }
    return QuantizationBase(
      layers: layers, activations: Dictionary(activations) { first, _ in first }, method: method,
      isEqualized: isEqualized,
      wideValues: Set(plan.tensors.filter { $0.element == .int16 }.map(\.name)))
  }

  private func layer(of instruction: Instruction) -> QuantizationBase.Layer? {
    let levels: ConstantReference
    let factors: (multipliers: ConstantReference, shifts: ConstantReference)
    switch instruction.operation {
    case .convolution2D(let parameters), .depthwiseConvolution2D(let parameters):
      levels = parameters.weights
      factors = (parameters.requantization.multipliers, parameters.requantization.shifts)
    case .fullyConnected(let parameters):
      levels = parameters.weights
      factors = (parameters.requantization.multipliers, parameters.requantization.shifts)
    case .convolution16x8(let parameters), .depthwiseConvolution16x8(let parameters):
      levels = parameters.weights
      factors = (parameters.requantization.multipliers, parameters.requantization.shifts)
    case .fullyConnected16x8(let parameters):
      levels = parameters.weights
      factors = (parameters.requantization.multipliers, parameters.requantization.shifts)
    default: return nil
    }
    let input = Double(plan.tensors[instruction.inputs[0].position].scale)
    let output = Double(plan.tensors[instruction.output.position].scale)
    // A multiplier has 31 bits, a scale 24: what the multiplier was made of comes out exactly.
    let scales = effectiveScales(factors.multipliers, factors.shifts).map {
      Float($0 * output / input)
    }
    return QuantizationBase.Layer(
      levels: bytes(levels).map { Int8(bitPattern: $0) }, scales: scales)
  }

  /// Multiplier · 2^(shift − 31) of every channel.
  private func effectiveScales(
    _ multipliers: ConstantReference, _ shifts: ConstantReference
  ) -> [Double] {
    let multipliers = bytes(multipliers)
    return bytes(shifts).enumerated().map { channel, shift in
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
