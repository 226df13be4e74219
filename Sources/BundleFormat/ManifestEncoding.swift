import CBOR
import DriftStatistics
import PlanFormat
import Wire

extension Manifest {
  /// The deterministic CBOR that is signed, and whose SHA-256 names the release.
  public func encoded() -> [UInt8] {
    var map: CBORMap = [
      "schema": .unsigned(requiredSchema),
      "name": .text(name),
      "version": .text(version),
      "sequence": .unsigned(sequence),
      "development": .bool(isDevelopment),
      "requires": .map([
        "runtime": .unsigned(requirements.runtimeVersion),
        "plan": .unsigned(requirements.planVersion),
      ]),
      "plans": .array(plans.map { $0.cbor() }),
      "certificates": .array(certificates.map { $0.cbor() }),
      "provenance": provenance.cbor(),
      "sections": .array(sections.map { $0.cbor() }),
    ]
    if let quantization { map[.text("quantization")] = quantization.cbor() }
    if let telemetry { map[.text("telemetry")] = telemetry.cbor() }
    if let tests { map[.text("tests")] = tests.cbor() }
    return CBORValue.map(map).encoded()
  }
}

extension PlanEntry {
  func cbor() -> CBORValue {
    var map: CBORMap = [
      "name": .text(name),
      "inputs": .array(inputs.map { $0.cbor() }),
      "outputs": .array(outputs.map { $0.cbor() }),
      "arena_bytes": .unsigned(resources.arenaBytes),
      "weights_bytes": .unsigned(resources.weightsBytes),
      "macs": .unsigned(resources.multiplyAccumulates),
    ]
    if let audio { map[.text("audio")] = audio.cbor() }
    if let stream { map[.text("stream")] = stream.cbor() }
    if let decision { map[.text("decision")] = decision.cbor() }
    if let boxes { map[.text("boxes")] = boxes.cbor() }
    if !roles.isEmpty { map[.text("roles")] = roles.cbor() }
    return .map(map)
  }
}

extension Port {
  func cbor() -> CBORValue {
    var map: CBORMap = [
      "name": .text(name),
      "shape": .array(shape.map { .unsigned($0) }),
      "element": .text(element),
      "scale": .float64(Double(scale)),
      "zero_point": .int(Int64(zeroPoint)),
      "user_element": .text(userElement),
      "unit": .text(unit),
      "labels": .array(labels.map { .text($0) }),
    ]
    if !ranks.isEmpty { map[.text("ranks")] = .array(ranks.map { $0.cbor() }) }
    if link != .none { map[.text("link")] = .text(link.rawValue) }
    if let normalization { map[.text("normalization")] = normalization.cbor() }
    if modelTakesRaw { map[.text("raw_model")] = .bool(true) }
    if !units.isEmpty { map[.text("units")] = .array(units.map { .text($0) }) }
    return .map(map)
  }
}

extension RankColumn {
  /// Thresholds as bytes, float32 little-endian: there are thousands.
  func cbor() -> CBORValue {
    var writer = ByteWriter(capacity: 4 * values.count)
    for value in values { writer.f32(value) }
    return .map([
      "feature": .unsigned(UInt64(feature)),
      "missing": .unsigned(UInt64(missingRank)),
      isEquality ? "equals" : "thresholds": .bytes(writer.bytes),
    ])
  }
}

extension TargetCertificate {
  func cbor() -> CBORValue {
    .map([
      "target": .text(target),
      "target_sha256": .bytes(targetDigest),
      "arena_bytes": .unsigned(arenaBytes),
      "peak_bytes": .unsigned(peakBytes),
      "image_bytes": .unsigned(imageBytes),
    ])
  }
}

extension QuantizationReport {
  func cbor() -> CBORValue {
    .map([
      "method": .text(method),
      "output_db": .float64(outputDecibels),
      "layers": .array(
        layers.map { layer in
          .map([
            "name": .text(layer.name),
            "operation": .text(layer.operation),
            "sqnr_db": .float64(layer.signalToNoiseDecibels),
          ])
        }),
    ])
  }
}

extension Provenance {
  func cbor() -> CBORValue {
    .map([
      "tool": .text(tool),
      "compressor": .text(compressor),
      "licence": .text(licence),
      "sources": .array(
        sources.map { .map(["role": .text($0.role), "sha256": .bytes($0.digest)]) }),
    ])
  }
}

extension Section {
  func cbor() -> CBORValue {
    var map: CBORMap = [
      "kind": .text(kind.rawValue),
      "plan": .text(plan),
      "offset": .unsigned(offset),
      "stored_bytes": .unsigned(storedBytes),
      "stored_sha256": .bytes(storedDigest),
      "raw_bytes": .unsigned(rawBytes),
      "raw_sha256": .bytes(rawDigest),
    ]
    if arrangementBytes > 0 { map["arrangement_bytes"] = .unsigned(arrangementBytes) }
    return .map(map)
  }
}
