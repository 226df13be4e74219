import BundleFormat
import Bundling
import CommandLineKit
import DeviceCommands
import DriftStatistics
import Foundation
import Kernels
import ModelGraph
import PlanFormat
import Quantizer
import Sealing
import SignalChain
import Wire

/// `inspect FILE [--layers] [--card|--bom] [--html FILE]`: a bundle or a model; needs no key.
enum InspectCommand {
  static let command = Command(
    CommandSpec(
      name: "inspect", summary: "show what a bundle or a model is; needs no key",
      arguments: [ArgumentSpec("FILE", "a bundle or a model")],
      options: [
        .flag("layers", "what became of every node, stage by stage, with shapes and costs"),
        .flag("card", "the bundle's model card, as Markdown"),
        .value("html", "FILE", "write the model card as a page, with the error of every layer"),
        .flag("bom", "the bundle's bill of materials: CycloneDX 1.6, JSON"),
        .value("cpu-features", "LIST", "kernels to show, e.g. scalar; this CPU's by default"),
      ] + ModelOptions.specs)
  ) { (parsed, console) throws(CommandFailure) in
    let path = parsed.positional(0) ?? ""
    if try BundleDocuments.write(of: path, parsed, console) { return }
    guard ModelFile.isBundle(path) else {
      try printModel(path, parsed, console)
      return
    }
    try BundleLoading.initializeCrypto()
    let bytes = try Files.read(path, limit: BundleLimits.fileBytes)
    let verified: VerifiedBundle
    do throws(BundleError) {
      let peeked = try BundleVerifier(opener: SodiumZstd()).peek(bytes)
      printBundle(peeked.manifest, peeked.release, peeked.signatures, bytes.count, console)
      guard parsed.flag("--layers") else { return }
      let bundle = try BundleVerifier(opener: SodiumZstd()).verify(
        bytes,
        trust: TrustPolicy(keys: peeked.signatures.map(\.publicKey), allowsDevelopment: true))
      verified = bundle
    } catch {
      throw CommandFailure(.untrusted, error.message)
    }
    let session = try LayerTables.session(verified, tier: try BundleLoading.tier(parsed))
    console.write("\n" + LayerTables.plan(session, quality: verified.manifest.quantization))
  }

  /// A model that came quantised is shown with the parameters its values have.
  private static func printModel(
    _ path: String, _ parsed: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    let layers = parsed.flag("--layers")
    let (imported, report) = try ModelFile.report(path, try ModelOptions.reading(parsed))
    let given: GivenParameters
    do throws(GraphError) {
      given = try GivenParameters(imported)
    } catch {
      let failure = PackError(error)
      throw CommandFailure(failure.exitCode, failure.message, hint: failure.hint)
    }
    let kind =
      switch given.completeness {
      case .none: "float32"
      case .partial: "partly quantised"
      case .full: given.isSixteenBit ? "16x8" : "int8"
      }
    let graph = given.graph
    console.out("\(graph.name)  \(kind) model")
    for id in graph.inputs { console.out("input   \(graph[id].name)  \(graph[id].type.shape)") }
    for id in graph.outputs { console.out("output  \(graph[id].name)  \(graph[id].type.shape)") }
    for state in graph.states {
      console.out("keeps   \(state.name)  \(graph[state.read].type.shape)")
    }
    guard layers else { return }
    for line in LayerTables.stages(report) { console.out(line) }
    if given.completeness != .none {
      console.out("quantised  \(graph.nodes.count) layers, their roundings taken into scales")
    }
    console.write("\n" + LayerTables.nodes(report))
    console.write("\n" + graph.textDump())
    if given.completeness == .full {
      let session = try LayerTables.session(given, tier: try BundleLoading.tier(parsed))
      console.write("\n" + LayerTables.plan(session, quality: nil))
    } else {
      console.out("\nits instructions: pack it, then inspect the bundle")
    }
  }

  private static func printBundle(
    _ manifest: Manifest, _ release: [UInt8], _ signatures: [BundleSignature], _ bytes: Int,
    _ console: Console
  ) {
    let verifier = BundleVerifier(opener: SodiumZstd())
    let kind = manifest.isDevelopment ? ", development" : ""
    console.out(
      "\(console.bold("\(manifest.name) \(manifest.version)"))  sequence \(manifest.sequence)\(kind), \(Quantity.bytes(bytes))"
    )
    console.out("release   \(Hex.encode(release))")
    for signature in signatures {
      console.out(
        "signed    by \(verifier.identifier(of: signature.publicKey)) (not checked for trust)")
    }
    for plan in manifest.plans {
      for port in plan.inputs {
        console.out("input     \(describe(port))")
        if let names = features(port) { console.out("  of      \(names)") }
      }
      for port in plan.outputs { console.out("output    \(describe(port))") }
      if let rule = plan.audio {
        console.out(
          "hears     \(rule.rate) Hz: frames of \(rule.frame) every \(rule.hop), \(rule.bands) mel bands of \(rule.low) to \(rule.high) Hz, rows of \(rule.features)"
        )
      }
      if let rule = plan.stream {
        console.out(
          "streams   windows of \(rule.rows) rows of \(rule.channels), one every \(rule.hop)")
      }
      if let rule = plan.boxes {
        console.out(
          "finds     boxes: \(rule.count) of \(rule.classes - rule.firstClass) classes, \(rule.form.rawValue); one thing above \(String(format: "%.3g", Double(rule.overlap) / 65_536)) of the union; at most \(rule.detections)"
        )
      }
      if !plan.roles.isEmpty { console.out("columns   \(describe(plan.roles))") }
      if let rule = plan.decision { console.out("decides   \(describe(rule, plan))") }
      console.out(
        "needs     arena \(Quantity.bytes(Int(clamping: plan.resources.arenaBytes))), weights \(Quantity.bytes(Int(clamping: plan.resources.weightsBytes))), \(plan.resources.multiplyAccumulates) MACs"
      )
    }
    for certificate in manifest.certificates {
      console.out(
        "fits      \(certificate.target): peak \(Quantity.bytes(Int(clamping: certificate.peakBytes))), image \(Quantity.bytes(Int(clamping: certificate.imageBytes)))"
      )
    }
    if let report = manifest.quantization {
      console.out(
        "quality   \(report.method), \(String(format: "%.2f", report.outputDecibels)) dB on calibration data"
      )
    }
    if let tests = manifest.tests {
      for line in TestReportText.lines(tests) { console.out(line) }
    }
    if let contract = manifest.telemetry {
      console.out("watches   windows of \(contract.windowItems), alarm rate \(contract.alarmRate)")
      for tap in contract.taps { console.out("  tap     \(tap.name), \(tap.binCount) bins") }
    }
    console.out("made by   \(manifest.provenance.tool), \(manifest.provenance.compressor)")
    for source in manifest.provenance.sources {
      console.out("from      \(source.role) \(Hex.encode(source.digest))")
    }
    if !manifest.provenance.licence.isEmpty {
      console.out("licence   \(manifest.provenance.licence)")
    }
    for section in manifest.sections {
      console.out(
        "section   \(section.kind.rawValue)  \(Quantity.bytes(Int(section.storedBytes))) of \(Quantity.bytes(Int(section.rawBytes)))"
      )
    }
  }

  private static func describe(_ port: BundleFormat.Port) -> String {
    let unit = port.unit.isEmpty ? "" : ", \(port.unit)"
    let shape = port.shape.map(String.init).joined(separator: "×")
    let name = "\(port.name)  \(port.userElement) \(shape)\(unit)"
    guard port.ranks.isEmpty else {
      let thresholds = port.ranks.reduce(0) { $0 + $1.values.count }
      let features = Set(port.ranks.map(\.feature)).count
      return "\(name); ranks of \(features) features among \(thresholds) thresholds"
    }
    guard port.userElement != "int64" else {
      return port.labels.isEmpty ? name : "\(name); one of \(port.labels.count) classes"
    }
    let link = port.link == .none ? "" : ", then \(port.link.rawValue)"
    let raw =
      port.normalization.map {
        "; x = (raw × \($0.factor) − mean) / deviation of \($0.channels == 1 ? "one channel" : "\($0.channels) channels")"
      }
      ?? ""
    return "\(name); q = x / \(port.scale) + \(port.zeroPoint)\(link)\(raw)"
  }

  /// Names of features or channels with their units; the first ones of many.
  private static func features(_ port: BundleFormat.Port) -> String? {
    guard port.labels.count > 1 else { return nil }
    let shown = 12
    let names = port.labels.indices.prefix(shown).map { index in
      let unit = index < port.units.count ? port.units[index] : ""
      return unit.isEmpty ? port.labels[index] : "\(port.labels[index]) [\(unit)]"
    }
    let more = port.labels.count > shown ? " and \(port.labels.count - shown) more" : ""
    return names.joined(separator: ", ") + more
  }

  private static func describe(_ roles: DataRoles) -> String {
    var parts: [String] = []
    for (name, column) in [
      ("label", roles.label), ("group", roles.group), ("time", roles.time), ("files", roles.file),
    ] {
      if let column { parts.append("\(name) \(column)") }
    }
    if !roles.slices.isEmpty { parts.append("slices \(roles.slices.joined(separator: ", "))") }
    if !roles.ignored.isEmpty {
      parts.append("ignored \(roles.ignored.joined(separator: ", "))")
    }
    if let channel = roles.channel { parts.append("channel \(channel) of sound") }
    return parts.joined(separator: "; ")
  }

  private static func describe(_ rule: DecisionRule, _ plan: PlanEntry) -> String {
    let port = plan.outputs[rule.output]
    let debounce = rule.window > 1 ? "; alarm at \(rule.needed) of \(rule.window) items" : ""
    switch rule.judgement {
    case .topClass(_, let alarms):
      let names = alarms.map { $0 < port.labels.count ? port.labels[$0] : "\($0)" }
      let alarming = names.isEmpty ? "" : "; alarming: \(names.joined(separator: ", "))"
      return "the class of \(port.name)\(alarming)\(debounce)"
    case .reconstruction(let error, let input, let threshold):
      let input = plan.inputs[input]
      let limit = error.mean(
        threshold, elements: Int(port.shape.reduce(1, *)), inputScale: input.scale,
        outputScale: port.scale)
      return
        "how well \(port.name) repeats \(input.name): mean squared error above \(String(format: "%.4g", limit))\(debounce)"
    }
  }
}
