import Arrays
public import BundleFormat
import CBOR
import DeviceRuntime
import DriftStatistics
import FloatReference
import HostSealing
import Lowering
import ModelCards
import ModelGraph
import PlanFormat
import Quantizer
import Sealing
import Targets

/// What `pack` made, and what a person may want to know of it.
public struct PackOutcome: Sendable {
  /// The signed bundle.
  public var bytes: [UInt8]
  /// Its manifest.
  public var manifest: Manifest
  /// Bytes of the model file.
  public var modelBytes: Int
  /// Remarks: what is missing and what to do about it.
  public var notes: [String]
}

/// A model in integers, by whichever way it got there.
struct QuantizedModel {
  let graph: Graph
  /// What quantising cost; nil where nothing was measured.
  let report: QuantizationReport?
  /// Encodings of a model of trees.
  let ranked: RankedModel?
  /// What a person should know of how it came about.
  var note: String?
}

/// Recipe to signed bundle: import, quantise, lower, certify, prove, seal.
public struct Packer {
  private(set) var request: PackRequest
  /// Below, a bundle's outputs are hardly the model's: a person is told.
  static let decibelsMin = 10.0

  let progress: (String) -> Void
  /// Inputs whose features are scaled at the edge though the model takes them raw.
  private(set) var scaledInputs: Set<Int> = []

  /// Creates a packer.
  ///
  /// - Parameter progress: called with a few words as each stage begins.
  public init(_ request: PackRequest, progress: @escaping (String) -> Void = { _ in }) {
    self.request = request
    self.progress = progress
  }

  /// Makes the bundle, of a model that nothing is tested with.
  ///
  /// - Throws: `PackError`; nothing is left behind.
  public func pack(signer: some BundleSigner) throws(PackError) -> PackOutcome {
    try draft().sealed(signer: signer)
  }

  /// Makes all of the bundle but its seal. Test data is read afterwards, if at all: nothing that is
  /// chosen here can depend on it.
  ///
  /// - Throws: `PackError`; nothing is left behind.
  public func draft() throws(PackError) -> BundleDraft {
    progress("importing")
    let imported = try importModel()
    let encodings = try encodings(of: imported)
    let stream = try streamSource(of: imported, encodings)
    var data = try PackData(request, imported, encodings, stream)
    data.notes = stateNotes(imported) + data.notes
    let calibrationItems = ItemDigests(data.calibration)
    // Before features are scaled: a card speaks of values as users know them.
    let summary = DataSummary(data, imported)
    var named = self
    named.request.ports = data.ports
    let scaling =
      stream == nil && request.decision?.reconstruction == nil
      ? FeatureScaling(imported, items: data.calibration, encodings: encodings) : nil
    var draft: BundleDraft
    if let scaling, !scaling.scaled.isEmpty {
      data.change { scaling.apply($0) }
      var scaledEncodings = encodings
      for (position, normalization) in scaling.scaled {
        scaledEncodings[position] = .normalized(normalization)
      }
      named.scaledInputs = Set(scaling.scaled.keys)
      draft = try named.draft(scaling.graph, scaledEncodings, stream, data, summary)
    } else {
      draft = try named.draft(imported, encodings, stream, data, summary)
    }
    draft.model = imported
    draft.calibrationItems = calibrationItems
    return draft
  }

  private func draft(
    _ imported: Graph, _ encodings: [InputEncoding], _ stream: StreamSource?, _ data: PackData,
    _ summary: DataSummary
  ) throws(PackError) -> BundleDraft {
    let quantized = try quantize(imported, data.calibration, data.calibrationStarts, encodings)
    let links = quantized.ranked?.links ?? []
    let planner = TapPlanner(
      graph: quantized.graph, inputs: namings(quantized.graph, quantized.graph.inputs),
      outputs: namings(quantized.graph, quantized.graph.outputs), encodings: encodings)
    let rows = data.reference
    let ranks = quantized.ranked?.ranks ?? []
    let drafts =
      rows.isEmpty ? [] : ranks.isEmpty ? planner.drafts() : planner.drafts(of: ranks)
    let (lowered, layout) = WeightsLayout.arrange(try lower(quantized.graph, drafts))
    progress("certifying")
    let integers = try IntegerModel(
      lowered, ranks: ranks, links: links)
    let certificates = try certificates(of: lowered)
    let decision = try decisionRule(
      quantized.graph, integers, data.calibration, data.calibrationStarts)
    let boxes = try boxRule(quantized.graph, integers)
    var notes = data.notes + (quantized.note.map { [$0] } ?? [])
    if let decibels = quantized.report?.outputDecibels, decibels < Self.decibelsMin {
      notes.append(
        "the outputs are \(Int(decibels.rounded())) dB from the float model's: 8 bits do not carry "
          + "this model; compare the two with eval --model before you trust it")
    }
    let drift = try makeReference(
      rows, data.referenceStarts, drafts, lowered, encodings, ranks: ranks, notes: &notes)
    let golden = GoldenVectors.make(seeds: [1, 2, 3, 4], session: integers.session)
    var manifest = manifest(
      imported: imported, quantized: quantized, lowered: lowered, certificates: certificates,
      contract: drift?.contract, encodings: encodings)
    manifest.plans[0].audio = stream?.audio
    manifest.plans[0].stream = stream?.rule
    manifest.plans[0].decision = decision
    manifest.plans[0].boxes = boxes
    manifest.plans[0].roles = data.roles
    if manifest.requiredSchema > 1 || !layout.arrangement.matrices.isEmpty {
      manifest.requirements.runtimeVersion = RuntimeVersion.current
    }
    var contents = [
      BundleWriter.Content(kind: .plan, plan: "main", bytes: lowered.plan.encoded()),
      BundleWriter.Content(
        kind: .weights, plan: "main", bytes: lowered.weights, layout: layout),
      BundleWriter.Content(kind: .golden, plan: "main", bytes: golden.encoded()),
    ]
    if let drift {
      contents.append(
        BundleWriter.Content(kind: .reference, bytes: drift.reference.cbor().encoded()))
    }
    return BundleDraft(
      manifest: manifest, contents: contents, session: integers.session, model: imported,
      aside: data.aside, calibrationGroups: data.calibrationGroups,
      modelBytes: request.model.count, notes: notes,
      card: CardSection(statement: request.card, data: summary.facts), summary: summary)
  }

  private func importModel() throws(PackError) -> Graph {
    guard Manifest.isName(request.name) else {
      throw PackError(
        .usage, "'\(request.name)' is not a model name",
        hint: "use 1 to 64 of a-z 0-9 . _ - with --name")
    }
    guard Self.isVersion(request.version) else {
      throw PackError(
        .usage, "'\(request.version)' is not a semantic version",
        hint: "use three numbers, as 1.4.0 or 2.0.0-beta.1")
    }
    return try request.reading.load(
      request.model, name: request.name,
      dataShapes: DataInterface.shapes(
        of: request.calibrationFiles, model: request.model, roles: request.roles,
        features: request.features))
  }

  /// What a model keeps, said so that a pairing nobody meant is seen.
  private func stateNotes(_ graph: Graph) -> [String] {
    graph.states.map { state in
      let source = graph[state.written].name
      let shape = graph[state.read].type.shape.map(String.init).joined(separator: "×")
      return "keeps \(state.name) (\(shape)) from run to run"
        + (graph[state.read].name == state.name ? ": it is \(source) of the run before" : "")
    }
  }

  /// `MAJOR.MINOR.PATCH`, with the optional parts of Semantic Versioning 2.0.0, sections 9 and 10.
  private static func isVersion(_ text: String) -> Bool {
    text.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.\-]+)?(\+[0-9A-Za-z.\-]+)?/) != nil
  }

  private func encodings(of graph: Graph) throws(PackError) -> [InputEncoding] {
    for port in request.ports
    where !(graph.inputs + graph.outputs).contains(where: { graph[$0].name == port.name }) {
      let names = (graph.inputs + graph.outputs).map { graph[$0].name }.joined(separator: ", ")
      throw PackError(
        .failed, "the model has no input or output called \(port.name)", hint: "it has \(names)")
    }
    var encodings: [InputEncoding] = []
    let isRanked = !graph.isQuantized && RankQuantizer.applies(to: graph)
    for id in graph.inputs {
      let named = request.ports.first { $0.name == graph[id].name }
      if isRanked {
        guard named?.preparation == nil else {
          throw PackError(
            .failed, "input \(graph[id].name) is read by trees: its values are ranked, not scaled",
            hint: "leave out `normalise` and `scaling`, and export the scaler with the trees")
        }
        encodings.append(.ranks)
      } else if let preparation = named?.preparation {
        guard named?.rawScale == nil, !graph.isQuantized else {
          throw PackError(
            .failed, "input \(graph[id].name) is scaled twice",
            hint: graph.isQuantized
              ? "the model is quantised already: its own scale stands in it"
              : "leave out `scale`: `normalise` has one of its own")
        }
        encodings.append(
          .normalized(try preparation.normalization(of: graph[id].name, graph[id].type.shape)))
      } else if let scale = named?.rawScale ?? request.rawScale {
        encodings.append(.rawBytes(scale: scale))
      } else {
        encodings.append(.calibrated)
      }
    }
    return encodings
  }

  private func quantize(
    _ imported: Graph, _ items: [[TensorData]], _ starts: RecordingStarts,
    _ encodings: [InputEncoding]
  ) throws(PackError) -> QuantizedModel {
    if encodings.contains(.ranks) {
      let ranked = try fromGraph { () throws(GraphError) in try RankQuantizer.quantize(imported) }
      return QuantizedModel(graph: ranked.graph, report: nil, ranked: ranked)
    }
    let given = try fromGraph { () throws(GraphError) in try GivenParameters(imported) }
    if given.completeness == .full { return try complete(given, items, starts, encodings) }
    guard !items.isEmpty else { throw missingData(given) }
    progress("calibrating on \(items.count) items")
    let names = ["", ", \(QuantizedRelease.equalizedMark)"]
    let keepsOutputs = request.boxes != nil
    let models = try concurrentMap(names.count) { position throws(PackError) in
      let model = try fromGraph { () throws(GraphError) in
        try CalibratedModel(given.graph, items: items, starts: starts, equalizing: position == 1)
      }
      // Outputs leave as reals: what the last layers sum is not rounded to 8 bits first. Those of
      // detectors are read by tables of their levels.
      let last = model.wideningCandidates(inputs: []).filter { $0.isFinal && !keepsOutputs }
      return (name: names[position], model: last.isEmpty ? model : model.widening(last))
    }
    let references = try fromGraph { () throws(GraphError) in
      try FloatExecutor(imported).run(items: items, starts: starts)
    }
    let bench = TrialBench(
      items: items, starts: starts, references: references, encodings: encodings,
      keepsStates: !imported.states.isEmpty)
    let (found, note) = try following(try search(bench, models), given.graph, bench)
    let best = found.trial
    let layers = try LayerErrors(
      floatGraph: best.model.graph, graph: best.graph, items: items, starts: starts,
      encodings: encodings
    ).measure()
    let origin = given.completeness == .partial ? "partly imported, " : ""
    let report = QuantizationReport(
      method: origin + found.summary, outputDecibels: try bench.confirmed(best), layers: layers)
    return QuantizedModel(graph: best.graph, report: report, ranked: nil, note: note)
  }

  /// The method whose integers are nearest, and the values that need 16 bits.
  private func search(
    _ bench: TrialBench, _ models: [(name: String, model: CalibratedModel)]
  ) throws(PackError) -> (trial: Trial, summary: String) {
    var methods = QuantizationSearch(bench: bench, models: models, progress: progress)
    let method = try methods.best()
    let graph = method.trial.model.graph
    let inputs = zip(graph.inputs, bench.encodings).compactMap { $1 == .calibrated ? $0 : nil }
    let precision = PrecisionSearch(
      bench: bench, inputs: inputs, outputsAreNarrow: request.boxes != nil
    ) { tried, all in
      progress("choosing 16-bit values, \(tried) of \(all)")
    }
    var (best, names) = try precision.withInputs(method.trial)
    if let target = request.signalToNoiseTarget {
      let further = try precision.reaching(target, from: best)
      best = further.trial
      names += further.names
    }
    let wide = names.count == 1 ? names[0] : "\(names.count) values"
    return (best, method.summary + (names.isEmpty ? "" : ", \(wide)\(QuantizedRelease.wideMark)"))
  }

  /// A model that came quantised as a whole: its integers are kept, data only measures it.
  private func complete(
    _ given: GivenParameters, _ items: [[TensorData]], _ starts: RecordingStarts,
    _ encodings: [InputEncoding]
  ) throws(PackError) -> QuantizedModel {
    let graph = try fromGraph { () throws(GraphError) in
      try Quantizer.quantize(
        CalibratedModel(complete: given), method: .minMax, inputs: encodings)
    }
    guard !items.isEmpty else { return QuantizedModel(graph: graph, report: nil, ranked: nil) }
    progress("measuring layers")
    let layers = try LayerErrors(
      floatGraph: given.graph, graph: graph, items: items, starts: starts, encodings: encodings
    ).measure()
    let report = QuantizationReport(
      method: "imported", outputDecibels: layers.last?.signalToNoiseDecibels ?? 0, layers: layers)
    return QuantizedModel(graph: graph, report: report, ranked: nil)
  }

  private func missingData(_ given: GivenParameters) -> PackError {
    let hint = "add --calibration FILE.npy with 100 or more typical inputs"
    guard given.completeness == .partial, let first = given.missing.first else {
      return PackError(
        .usage, "the model is float and there is no calibration data", hint: hint)
    }
    return PackError(
      .usage,
      "the model is quantised in part: \(given.graph[first].name) and \(given.missing.count - 1) "
        + "other values have no scale, and there is no calibration data", hint: hint)
  }

  private func lower(_ graph: Graph, _ drafts: [TapDraft]) throws(PackError) -> LoweredModel {
    try fromGraph { () throws(GraphError) in
      try Lowering.lower(graph, taps: drafts.map(\.value))
    }
  }
}
