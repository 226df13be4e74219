import BundleFormat
import DriftStatistics
public import JSON
import Wire

/// A bundle's bill of materials: CycloneDX 1.6, an ML-BOM. The same bundle and program give the same
/// bytes: the serial number is the release's, and a bundle holds no time.
public struct BillOfMaterials {
  let card: ModelCard
  let fileDigest: [UInt8]
  let runtime: RuntimeLibrary

  private var manifest: Manifest { card.manifest }
  private var modelReference: String { "release:\(card.release)" }

  /// Creates the bill of a bundle.
  ///
  /// - Parameters:
  ///   - fileDigest: SHA-256 of the bundle's file.
  ///   - runtime: the device's program, as this one would be.
  public init(card: ModelCard, fileDigest: [UInt8], runtime: RuntimeLibrary) {
    self.card = card
    self.fileDigest = fileDigest
    self.runtime = runtime
  }

  /// The document.
  public var json: JSONValue {
    let sources = sourceComponents
    let libraries = RuntimeLibrary.all
    return .record(
      ("$schema", .string("http://cyclonedx.org/schema/bom-1.6.schema.json")),
      ("bomFormat", .string("CycloneDX")), ("specVersion", .string("1.6")),
      ("serialNumber", .string(serialNumber)), ("version", .integer(1)),
      (
        "metadata",
        .record(
          ("tools", .record(("components", .array([tool])))), ("component", model))
      ),
      (
        "components",
        .array(
          sources.map(\.component)
            + [runtime.component("application")] + libraries.map { $0.component("library") })
      ),
      (
        "dependencies",
        .array([
          Self.dependency(modelReference, on: sources.map(\.reference) + [runtime.reference]),
          Self.dependency(runtime.reference, on: libraries.map(\.reference)),
        ])
      ))
  }

  /// A UUID of version 8 (RFC 9562, section 5.8) out of the release's first 16 bytes.
  private var serialNumber: String {
    var digits = Array(card.release.prefix(32))
    digits[12] = "8"
    let variant = UInt8(String(digits[16]), radix: 16) ?? 0
    digits[16] = Array("89ab")[Int(variant & 3)]
    let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
    return "urn:uuid:" + parts.joined(separator: "-")
  }

  private var tool: JSONValue {
    let words = manifest.provenance.tool.split(separator: " ", maxSplits: 1).map(String.init)
    return .record(
      ("type", .string("application")), ("name", .string(words.first ?? "swiftlet")),
      ("version", words.count > 1 ? .string(words[1]) : nil))
  }

  // MARK: The model

  private var model: JSONValue {
    let statement = card.statement
    return .record(
      ("type", .string("machine-learning-model")), ("bom-ref", .string(modelReference)),
      (
        "manufacturer",
        statement.owner.isEmpty ? nil : .record(("name", .string(statement.owner)))
      ),
      ("name", .string(manifest.name)), ("version", .string(manifest.version)),
      ("description", statement.description.isEmpty ? nil : .string(statement.description)),
      ("hashes", Self.hashes(fileDigest)),
      ("licenses", LicenceText(text: manifest.provenance.licence).licenses),
      ("pedigree", pedigree), ("components", .array(manifest.sections.map(component))),
      ("modelCard", modelCard),
      (
        "properties",
        Self.properties([
          ("swiftlet:release", card.release), ("swiftlet:sequence", "\(manifest.sequence)"),
          ("swiftlet:development", "\(manifest.isDevelopment)"),
          ("swiftlet:runtime", "\(manifest.requirements.runtimeVersion)"),
        ])
      ))
  }

  /// The model file it was made from.
  private var pedigree: JSONValue? {
    let models = manifest.provenance.sources.filter { $0.role == "model" }
    guard !models.isEmpty else { return nil }
    let ancestors = models.enumerated().map { index, source in
      JSONValue.record(
        ("type", .string("machine-learning-model")), ("bom-ref", .string("source:model-\(index)")),
        ("name", .string("\(manifest.name), model file")), ("hashes", Self.hashes(source.digest)))
    }
    return .record(("ancestors", .array(ancestors)))
  }

  private func component(_ section: Section) -> JSONValue {
    let plan = section.plan.isEmpty ? "" : "\(section.plan)/"
    return .record(
      ("type", .string("file")),
      ("bom-ref", .string("\(modelReference)/\(plan)\(section.kind.rawValue)")),
      ("name", .string(plan + section.kind.rawValue)), ("hashes", Self.hashes(section.rawDigest)),
      ("properties", Self.properties([("swiftlet:bytes", "\(section.rawBytes)")])))
  }

  private var modelCard: JSONValue {
    let plan = manifest.plans[0]
    let statement = card.statement
    func formats(_ ports: [Port]) -> JSONValue {
      .array(ports.map { .record(("format", .string("\($0.name): \($0.cardText)"))) })
    }
    let operations = Set(manifest.quantization?.layers.map(\.operation) ?? []).sorted()
    let data = sourceComponents.filter(\.isData)
    return .record(
      (
        "modelParameters",
        .record(
          ("task", statement.task.isEmpty ? nil : .string(statement.task)),
          (
            "modelArchitecture",
            operations.isEmpty ? nil : .string(operations.joined(separator: ", "))
          ),
          ("datasets", .array(data.map { .record(("ref", .string($0.reference))) })),
          ("inputs", formats(plan.inputs)), ("outputs", formats(plan.outputs)))
      ),
      ("quantitativeAnalysis", .record(("performanceMetrics", .array(metrics)))),
      ("considerations", considerations),
      (
        "properties",
        Self.properties([
          ("swiftlet:quantisation", manifest.quantization?.method ?? "not measured"),
          ("swiftlet:arena_bytes", "\(plan.resources.arenaBytes)"),
          ("swiftlet:weights_bytes", "\(plan.resources.weightsBytes)"),
          ("swiftlet:multiply_accumulates", "\(plan.resources.multiplyAccumulates)"),
        ])
      ))
  }

  private var metrics: [JSONValue] {
    let tested = manifest.tests.map { TestFigures($0).metrics } ?? []
    guard let report = manifest.quantization else { return tested }
    func decibels(_ value: Double, _ slice: String) -> JSONValue {
      .record(
        ("type", .string("signal to quantisation noise, dB")),
        ("value", .string(ModelCard.decibels(value))), ("slice", .string(slice)))
    }
    return tested + [decibels(report.outputDecibels, "outputs on calibration data")]
      + report.layers.map { decibels($0.signalToNoiseDecibels, "layer \($0.name)") }
  }

  private var considerations: JSONValue? {
    let statement = card.statement
    let limits = statement.limits + statement.outOfScope.map { "Not to be used for: \($0)" }
    let members: [(String, JSONValue?)] = [
      ("users", .strings(statement.users)), ("useCases", .strings(statement.intendedUse)),
      ("technicalLimitations", .strings(limits)),
      (
        "ethicalConsiderations",
        statement.considerations.isEmpty
          ? nil
          : .array(statement.considerations.map { .record(("name", .string($0))) })
      ),
    ]
    return members.contains { $0.1 != nil } ? .record(members) : nil
  }

  // MARK: Sources

  private struct SourceComponent {
    var reference: String
    var isData: Bool
    var component: JSONValue
  }

  /// Data and recipe, in the order they were used.
  private var sourceComponents: [SourceComponent] {
    var counts: [String: Int] = [:]
    return manifest.provenance.sources.filter { $0.role != "model" }.map { source in
      counts[source.role, default: 0] += 1
      let number = counts[source.role, default: 1]
      let isData = source.role != "recipe"
      let reference = "source:\(source.role)-\(number)"
      let facts = number == 1 ? card.section?.data.first { $0.role == source.role } : nil
      let licence = isData ? LicenceText(text: card.statement.dataLicence).licenses : nil
      let name = isData ? "\(source.role) data" : source.role
      return SourceComponent(
        reference: reference, isData: isData,
        component: .record(
          ("type", .string("data")), ("bom-ref", .string(reference)), ("name", .string(name)),
          ("hashes", Self.hashes(source.digest)), ("licenses", licence),
          (
            "data",
            .array([
              .record(
                ("type", .string(isData ? "dataset" : "configuration")), ("name", .string(name)),
                ("contents", facts.map { .record(("properties", Self.properties($0.texts))) }))
            ])
          )))
    }
  }

  // MARK: Forms

  static func hashes(_ digest: [UInt8]) -> JSONValue {
    .array([
      .record(("alg", .string("SHA-256")), ("content", .string(Hex.encode(digest))))
    ])
  }

  static func properties(_ pairs: [(String, String)]) -> JSONValue {
    .array(pairs.map { .record(("name", .string($0.0)), ("value", .string($0.1))) })
  }

  private static func dependency(_ reference: String, on others: [String]) -> JSONValue {
    .record(("ref", .string(reference)), ("dependsOn", .array(others.map { .string($0) })))
  }
}

extension DataFacts {
  /// Names and values, as properties have them.
  fileprivate var texts: [(String, String)] {
    var texts = [("swiftlet:items", "\(items)")]
    if let groups { texts.append(("swiftlet:groups", "\(groups)")) }
    if !classes.isEmpty {
      texts.append(("swiftlet:classes", classes.map(String.init).joined(separator: " ")))
    }
    for spread in spreads {
      let values = [spread.minimum, spread.mean, spread.deviation, spread.maximum].map {
        DecimalText.significant($0, digits: 6)
      }
      texts.append(
        (
          "swiftlet:values:\(spread.name)",
          "min \(values[0]), mean \(values[1]), deviation \(values[2]), max \(values[3])"
        ))
    }
    return texts
  }
}

extension RuntimeLibrary {
  var reference: String { "library:\(name)@\(version)" }

  func component(_ type: String) -> JSONValue {
    .record(
      ("type", .string(type)), ("bom-ref", .string(reference)), ("name", .string(name)),
      ("version", .string(version)), ("licenses", LicenceText(text: licence).licenses),
      ("purl", .string("pkg:generic/\(name)@\(version)")))
  }
}

extension JSONValue {
  /// An object of the members that have a value.
  static func record(_ members: (String, JSONValue?)...) -> JSONValue { record(members) }

  /// An object of the members that have a value.
  static func record(_ members: [(String, JSONValue?)]) -> JSONValue {
    .object(members.compactMap { name, value in value.map { JSONMember(name, $0) } })
  }

  /// An array of texts; nil where there are none.
  static func strings(_ texts: [String]) -> JSONValue? {
    texts.isEmpty ? nil : .array(texts.map { .string($0) })
  }
}
