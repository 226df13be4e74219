import BundleFormat
import DeviceRuntime
import DriftStatistics
import HostSealing
import Lowering
import ModelGraph
import PlanFormat
import Quantizer
import Sealing
import SignalChain
import Targets

extension Packer {
  func manifest(
    imported: Graph, quantized: QuantizedModel, lowered: LoweredModel,
    certificates: [TargetCertificate], contract: TelemetryContract?, encodings: [InputEncoding]
  ) -> Manifest {
    var inputs = ports(imported, lowered, imported.inputs, lowered.plan.inputs, encodings)
    var outputs = ports(imported, lowered, imported.outputs, lowered.plan.outputs, [])
    if let ranked = quantized.ranked {
      for (position, columns) in ranked.ranks.enumerated() { inputs[position].ranks = columns }
      for (position, link) in ranked.links.enumerated() { outputs[position].link = link }
    }
    let plan = PlanEntry(
      name: "main", inputs: inputs, outputs: outputs,
      resources: Resources(
        arenaBytes: UInt64(lowered.plan.arenaBytes), weightsBytes: UInt64(lowered.weights.count),
        multiplyAccumulates: UInt64(lowered.plan.multiplyAccumulates)))
    let provenance = Provenance(
      tool: request.tool, compressor: "libzstd \(ZstdEncoder.version) level \(BundleWriter.level)",
      sources: request.sources.map {
        Provenance.Source(role: $0.role, digest: SHA256.digest($0.bytes))
      }, licence: request.licence)
    let isPlain = (inputs + outputs).allSatisfy(\.isPlain)
    return Manifest(
      name: request.name, version: request.version, sequence: request.sequence,
      isDevelopment: request.isDevelopment,
      requirements: Requirements(
        runtimeVersion: isPlain ? 1 : RuntimeVersion.current,
        planVersion: UInt64(lowered.plan.requiredVersion)),
      plans: [plan], certificates: certificates, quantization: quantized.report,
      telemetry: contract,
      provenance: provenance, sections: [])
  }

  /// The naming of values, by their names in the model file.
  func namings(_ graph: Graph, _ ids: [ValueID]) -> [PortNaming] {
    ids.map { id in
      request.ports.first { $0.name == graph[id].name }?.naming ?? PortNaming()
    }
  }

  /// The model's own shapes and names, with what its tensors became.
  private func ports(
    _ model: Graph, _ lowered: LoweredModel, _ ids: [ValueID], _ tensors: [TensorIndex],
    _ encodings: [InputEncoding]
  ) -> [Port] {
    let namings = namings(model, ids)
    return ids.indices.map { index in
      let value = model[ids[index]]
      let tensor = lowered.plan.tensors[tensors[index].position]
      let encoding = index < encodings.count ? encodings[index] : .calibrated
      var isRaw = false
      var normalization: Normalization?
      switch encoding {
      case .calibrated, .ranks: break
      case .rawBytes: isRaw = true
      case .normalized(let stated): normalization = stated
      }
      isRaw = isRaw || takesBytes(value.name)
      let came = value.fileElement ?? value.type.element
      return Port(
        name: value.name, shape: value.type.shape.map { UInt64($0) }, element: tensor.element.name,
        scale: tensor.scale, zeroPoint: tensor.zeroPoint,
        userElement: isRaw ? "uint8" : Self.userElement(came, zeroPoint: tensor.zeroPoint),
        unit: namings[index].unit,
        labels: namings[index].labels.isEmpty ? value.labels : namings[index].labels,
        normalization: normalization,
        modelTakesRaw: !encodings.isEmpty && scaledInputs.contains(index),
        units: namings[index].units)
    }
  }

  /// True for an input whose raw values are declared to be bytes of an image.
  private func takesBytes(_ name: String) -> Bool {
    request.ports.first { $0.name == name }?.preparation?.isImage == true
  }

  /// Whoever runs a model with integers at its ends has such integers; bytes with a zero point are
  /// given as the reals they stand for.
  private static func userElement(_ came: ElementType, zeroPoint: Int32) -> String {
    switch came {
    case .int8: "int8"
    case .int32, .int64: "int64"
    case .uint8 where zeroPoint == -128: "uint8"
    default: "float32"
    }
  }
}
