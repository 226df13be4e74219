public import BundleFormat
import DriftStatistics
import Wire

/// A bundle's card: what it is, for whom, from which data, how good, under which licences. All of it
/// stands in the bundle, under its signatures.
public struct ModelCard {
  let manifest: Manifest
  let section: CardSection?
  /// SHA-256 of the manifest, hexadecimal.
  public let release: String
  let signers: [String]

  /// Creates the card of a bundle.
  ///
  /// - Parameters:
  ///   - section: the bundle's section `card`, where it has one.
  ///   - release: SHA-256 of the manifest's bytes.
  ///   - signers: identifiers of the keys that signed it.
  public init(
    manifest: Manifest, section: CardSection?, release: [UInt8], signers: [String]
  ) {
    self.manifest = manifest
    self.section = section
    self.release = Hex.encode(release)
    self.signers = signers
  }

  /// As Markdown: CommonMark with tables.
  public var markdown: String { document.markdown }

  /// As one HTML page that needs nothing else.
  public var page: String { document.page }

  var statement: CardStatement { section?.statement ?? CardStatement() }

  private var document: CardDocument {
    var lead = ["Release \(release), sequence \(manifest.sequence)"]
    lead += signers.map { "Signed by \($0); this card does not say whether you trust that key" }
    if manifest.isDevelopment {
      lead.append("Signed with a development key: devices refuse it")
    }
    return CardDocument(
      title: manifest.name, version: manifest.version, lead: lead,
      parts: [
        identity, use, data, quality, quantization, limits, considerations, licences, provenance,
      ].compactMap { $0 })
  }

  // MARK: Parts

  private var identity: CardDocument.Part {
    let plan = manifest.plans[0]
    var facts: [(name: String, value: String)] = []
    if !statement.task.isEmpty { facts.append(("Task", statement.task)) }
    facts.append(("Owner", statement.owner.isEmpty ? "not stated" : statement.owner))
    facts += plan.inputs.map { ("Input \($0.name)", $0.cardText) }
    facts += plan.outputs.map { ("Output \($0.name)", $0.cardText) }
    facts.append(
      (
        "Needs",
        "\(Self.grouped(plan.resources.arenaBytes)) bytes of working memory, "
          + "\(Self.grouped(plan.resources.weightsBytes)) bytes of constants, "
          + "\(Self.grouped(plan.resources.multiplyAccumulates)) multiply-accumulates a run"
      ))
    facts += manifest.certificates.map {
      ("Fits \($0.target)", "at most \(Self.grouped($0.peakBytes)) bytes of memory")
    }
    facts.append(("Runtime", "version \(manifest.requirements.runtimeVersion) or later"))
    let text: [CardDocument.Block] =
      statement.description.isEmpty ? [] : [.text(statement.description)]
    return CardDocument.Part(title: "What it is", blocks: text + [.facts(facts)])
  }

  private var use: CardDocument.Part {
    var blocks: [CardDocument.Block] = []
    for (title, items) in [
      ("Made for", statement.intendedUse), ("Used by", statement.users),
      ("Not to be used for", statement.outOfScope),
    ] where !items.isEmpty {
      blocks.append(.list(title, items))
    }
    return CardDocument.Part(
      title: "Intended use", blocks: blocks.isEmpty ? [Self.unstated("intendedUse")] : blocks)
  }

  private var data: CardDocument.Part {
    var blocks: [CardDocument.Block] = []
    if !statement.trainingData.isEmpty {
      blocks.append(.facts([("Trained on", statement.trainingData)]))
    }
    let facts = section?.data ?? []
    let sources = manifest.provenance.sources.filter { $0.role != "model" && $0.role != "recipe" }
    let rows =
      facts.map { facts in
        [
          facts.role, digests(of: facts.role), Self.grouped(facts.items),
          facts.groups.map(Self.grouped) ?? "",
        ]
      }
      + sources.filter { source in !facts.contains { $0.role == source.role } }.map {
        [$0.role, Hex.encode($0.digest), "", ""]
      }
    if !rows.isEmpty {
      blocks.append(
        .table(
          head: ["data", "SHA-256 of the files", "items", "groups"], rows: rows, numbersFrom: 2))
    }
    for facts in facts {
      if !facts.classes.isEmpty { blocks.append(classes(facts)) }
      if !facts.spreads.isEmpty { blocks.append(spreads(facts)) }
    }
    return CardDocument.Part(
      title: "Data",
      blocks: blocks.isEmpty ? [.text("The bundle was packed without data.")] : blocks)
  }

  private func digests(of role: String) -> String {
    manifest.provenance.sources.filter { $0.role == role }.map { Hex.encode($0.digest) }
      .joined(separator: " ")
  }

  private func classes(_ facts: DataFacts) -> CardDocument.Block {
    let labels = manifest.plans[0].outputs.first { $0.labels.count == facts.classes.count }?.labels
    let rows = facts.classes.enumerated().map { index, count in
      [labels?[index] ?? "\(index)", Self.grouped(count)]
    }
    return .table(head: ["\(facts.role): class", "items"], rows: rows, numbersFrom: 1)
  }

  private func spreads(_ facts: DataFacts) -> CardDocument.Block {
    let rows = facts.spreads.map { spread in
      [spread.name]
        + [spread.minimum, spread.mean, spread.deviation, spread.maximum].map {
          DecimalText.significant($0, digits: 4)
        } + [spread.missing == 0 ? "" : Self.grouped(spread.missing)]
    }
    return .table(
      head: ["\(facts.role): values of", "min", "mean", "deviation", "max", "missing"], rows: rows,
      numbersFrom: 1)
  }

  private var quality: CardDocument.Part {
    var blocks: [CardDocument.Block] = []
    if let report = manifest.quantization {
      blocks.append(
        .table(
          head: ["metric", "data", "value"],
          rows: [
            [
              "signal to quantisation noise of the outputs, against the float model",
              "calibration", "\(Self.decibels(report.outputDecibels)) dB",
            ]
          ], numbersFrom: 2))
    }
    if let figures = manifest.tests.map(TestFigures.init) {
      if !figures.rows.isEmpty {
        blocks.append(
          .table(
            head: ["metric", "test data", "items", "value", "95 % interval", "float model"],
            rows: figures.rows, numbersFrom: 2))
      }
      if !figures.gates.isEmpty { blocks.append(.list("Limits that held", figures.gates)) }
    }
    return CardDocument.Part(
      title: "Metrics", blocks: blocks.isEmpty ? [.text("Nothing was measured.")] : blocks)
  }

  private var quantization: CardDocument.Part? {
    guard let report = manifest.quantization else { return nil }
    let top = max(report.layers.map(\.signalToNoiseDecibels).filter(\.isFinite).max() ?? 1, 1)
    let rows = report.layers.map { layer in
      (
        name: layer.name, note: layer.operation,
        value: Self.decibels(layer.signalToNoiseDecibels),
        length: layer.signalToNoiseDecibels / top
      )
    }
    return CardDocument.Part(
      title: "Quantisation",
      blocks: [
        .facts([
          ("Method", report.method),
          ("Arithmetic", "integers only, the same results on every CPU"),
        ]), .bars(head: ["layer", "operator", "dB against float"], rows: rows),
      ])
  }

  private var limits: CardDocument.Part {
    var derived: [String] = manifest.plans[0].inputs.compactMap { $0.rangeText }
    if let contract = manifest.telemetry {
      derived.append(
        "Drift is judged over windows of \(contract.windowItems) items; of quiet windows, one in "
          + "\(DecimalText.significant(1 / contract.alarmRate)) raises a false alarm.")
    } else {
      derived.append("Nothing watches whether live data still resembles that of training.")
    }
    let stated: CardDocument.Block =
      statement.limits.isEmpty ? Self.unstated("limits") : .list("Stated", statement.limits)
    return CardDocument.Part(title: "Limits", blocks: [stated, .list("By construction", derived)])
  }

  private var considerations: CardDocument.Part? {
    guard !statement.considerations.isEmpty else { return nil }
    return CardDocument.Part(
      title: "Considerations", blocks: [.list("Stated", statement.considerations)])
  }

  private var licences: CardDocument.Part {
    func stated(_ text: String) -> String { text.isEmpty ? "not stated" : text }
    return CardDocument.Part(
      title: "Licences",
      blocks: [
        .facts([
          ("Model", stated(manifest.provenance.licence)), ("Data", stated(statement.dataLicence)),
        ])
      ])
  }

  private var provenance: CardDocument.Part {
    let made: [(name: String, value: String)] = [
      ("Made by", "\(manifest.provenance.tool), \(manifest.provenance.compressor)")
    ]
    let sources = manifest.provenance.sources.map { [$0.role, Hex.encode($0.digest)] }
    let sections = manifest.sections.map {
      [$0.kind.rawValue, Hex.encode($0.rawDigest), Self.grouped($0.rawBytes)]
    }
    return CardDocument.Part(
      title: "Provenance",
      blocks: [
        .facts(made), .table(head: ["made from", "SHA-256"], rows: sources, numbersFrom: 2),
        .table(
          head: ["section", "SHA-256 of its content", "bytes"], rows: sections, numbersFrom: 2),
      ])
  }

  // MARK: Words

  private static func unstated(_ key: String) -> CardDocument.Block {
    .text("Nothing is stated: the recipe has no card.\(key).")
  }

  static func decibels(_ value: Double) -> String { DecimalText.significant(value, digits: 3) }

  /// `1,234,567`.
  static func grouped(_ value: UInt64) -> String {
    let digits = Array("\(value)")
    var text = ""
    for (position, digit) in digits.enumerated() {
      if position > 0, (digits.count - position) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }
}

extension Port {
  /// What a user supplies or gets.
  var cardText: String {
    var text = "\(userElement) \(shape.map(String.init).joined(separator: "×"))"
    if !unit.isEmpty { text += ", \(unit)" }
    if !labels.isEmpty {
      let shown = labels.prefix(12).joined(separator: ", ")
      text += labels.count > 12 ? ": \(shown) and \(labels.count - 12) more" : ": \(shown)"
    }
    return text
  }

  /// Where values are clamped; nil where they are ranks, integers or normalised per channel.
  fileprivate var rangeText: String? {
    guard userElement == "float32", ranks.isEmpty, normalization == nil else { return nil }
    let (low, high) =
      switch element {
      case "int8": (-128.0, 127.0)
      case "int16": (-32_768.0, 32_767.0)
      default: (0.0, 0.0)
      }
    guard low < high else { return nil }
    let range = [low, high].map { bound in
      DecimalText.significant((bound - Double(zeroPoint)) * Double(scale), digits: 4)
    }
    return "Values of \(name) below \(range[0]) are taken as \(range[0]), those above \(range[1]) "
      + "as \(range[1])."
  }
}
