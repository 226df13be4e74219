import BundleFormat
import DeviceRuntime
import HostSealing
import PlanFormat
import Sealing
import Testing

/// Recipe of the smallest honest bundle: one lookup over 16 bytes. Its numbers can be made dishonest
/// one by one.
struct TinyBundle {
  var name = "tiny"
  var sequence: UInt64 = 1
  /// What the model adds to every byte: two values make two releases.
  var offset: UInt8 = 1
  /// What the golden vectors say it adds.
  var provenOffset: UInt8?
  var seeds: [UInt64] = [7, 8]
  var isDevelopment = false
  var runtimeVersion: UInt64 = 1
  var planVersion: UInt64 = 1
  /// Another input that nothing reads, of this element.
  var spareInput: PlanElement?
  /// A tapped input of this element beside it.
  var tapElement: PlanElement?
  var portSize: UInt64 = 16
  var portElement = "int8"
  var planCount = 1
  var reference: [UInt8]? = [1, 2, 3]
  var signer = TinyBundle.key(3)

  static func key(_ byte: UInt8) -> Ed25519KeyPair {
    guard let pair = Ed25519KeyPair(seed: [UInt8](repeating: byte, count: 32)) else {
      preconditionFailure("32 bytes are a seed")
    }
    return pair
  }

  /// The file.
  func bytes() throws -> [UInt8] {
    let plan = plan().encoded()
    let weights = Self.table(offset)
    let prover = try Session(plan: plan, weights: Self.table(provenOffset ?? offset))
    let golden = GoldenVectors.make(seeds: seeds, session: prover).encoded()
    var parts: [(Section.Kind, [UInt8])] = [
      (.plan, plan), (.weights, weights), (.golden, golden),
    ]
    if let reference { parts.append((.reference, reference)) }
    var sections: [Section] = []
    var stored: [[UInt8]] = []
    var start: UInt64 = 0
    for (kind, raw) in parts {
      let frame = try ZstdEncoder.compress(raw)
      sections.append(
        Section(
          kind: kind, plan: "main", offset: start, storedBytes: UInt64(frame.count),
          storedDigest: SHA256.digest(frame), rawBytes: UInt64(raw.count),
          rawDigest: SHA256.digest(raw)))
      stored.append(frame)
      start = (start + UInt64(frame.count) + 63) / 64 * 64
    }
    return try BundleSigning.assemble(
      manifest: manifest(sections), sections: stored, signer: signer)
  }

  private func manifest(_ sections: [Section]) -> Manifest {
    let port = Port(
      name: "x", shape: [1, portSize], element: portElement, scale: 1, zeroPoint: 0,
      userElement: "int8", unit: "", labels: [])
    let plans = (0..<planCount).map { number in
      PlanEntry(
        name: number == 0 ? "main" : "other\(number)", inputs: [port], outputs: [port],
        resources: Resources(arenaBytes: 128, weightsBytes: 256, multiplyAccumulates: 0))
    }
    return Manifest(
      name: name, version: "1.0.\(sequence)", sequence: sequence, isDevelopment: isDevelopment,
      requirements: Requirements(runtimeVersion: runtimeVersion, planVersion: planVersion),
      plans: plans, certificates: [], quantization: nil,
      telemetry: nil,
      provenance: Provenance(tool: "test", compressor: "test", sources: [], licence: ""),
      sections: sections)
  }

  private func plan() -> Plan {
    func tensor(_ name: String, at offset: Int) -> PlanTensor {
      PlanTensor(
        name: name, element: .int8, shape: [1, 16], arenaOffset: offset, scale: 1, zeroPoint: 0)
    }
    var tensors = [tensor("x", at: 0), tensor("y", at: 64)]
    var inputs = [TensorIndex(0)]
    let spare = spareInput ?? tapElement
    if let spare {
      tensors.append(tensor("spare", at: 128))
      tensors[2].element = spare
      inputs.append(TensorIndex(2))
    }
    return Plan(
      arenaBytes: spare == nil ? 128 : 256, weightsBytes: 256, multiplyAccumulates: 0,
      tensors: tensors, inputs: inputs,
      outputs: [TensorIndex(1)], taps: tapElement == nil ? [] : [TensorIndex(2)],
      instructions: [
        Instruction(
          name: "add",
          operation: .lookup(
            LookupParameters(table: ConstantReference(offset: 0, byteCount: 256))),
          inputs: [TensorIndex(0)], output: TensorIndex(1))
      ])
  }

  /// Entry i stands for the input i − 128.
  private static func table(_ offset: UInt8) -> [UInt8] {
    (0..<256).map { UInt8($0) ^ 0x80 &+ offset }
  }
}
