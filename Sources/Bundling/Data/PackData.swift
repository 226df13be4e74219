import Arrays
import BundleFormat
import HostArrays
import ModelGraph
import Quantizer
import SignalChain

/// The data a bundle is made from, as items of its model, with the names that came with it.
struct PackData {
  /// Items that set ranges.
  var calibration: [[TensorData]] = []
  /// Items of the drift reference; those of calibration where no others are given.
  var reference: [[TensorData]] = []
  /// Whether those are others than the calibration items.
  private(set) var hasReference = false
  /// Where recordings begin among the calibration items.
  private(set) var calibrationStarts = RecordingStarts()
  /// Where they begin among the items of the reference.
  private(set) var referenceStarts = RecordingStarts()
  /// Groups of the calibration items.
  private(set) var calibrationGroups: TextColumn?
  /// What of the calibration data is set aside to test with.
  private(set) var aside: Dataset?
  /// The recipe's ports, with names and units of features that the data has.
  var ports: [NamedPort]
  /// What columns were.
  var roles: DataRoles
  /// What was taken, for people.
  var notes: [String] = []

  private let graph: Graph
  private let encodings: [InputEncoding]
  private let stream: StreamSource?
  private let units: [String: String]

  /// Reads all that a request names.
  ///
  /// - Throws: `PackError` naming file, row and column of what cannot be taken.
  init(
    _ request: PackRequest, _ graph: Graph, _ encodings: [InputEncoding], _ stream: StreamSource?
  ) throws(PackError) {
    self.graph = graph
    self.encodings = encodings
    self.stream = stream
    ports = request.ports
    roles = request.roles
    units = request.units
    try nameFeatures(request.features)
    if !request.calibrationFiles.isEmpty {
      var dataset = try read(request.calibrationFiles, readsTargets: request.testShare != nil)
      try setGroups(request.calibrationGroups, of: &dataset, splits: request.testShare != nil)
      if let share = request.testShare {
        let parts = try dataset.split(share: share)
        dataset = parts.rest
        aside = parts.aside
        let count = parts.aside.arrays.first?.shape.first ?? 0
        notes.append("\(count) items are set aside to test with")
      }
      calibration = try items(dataset.arrays)
      calibrationStarts = RecordingStarts(dataset.groups, items: calibration.count)
      calibrationGroups = dataset.groups
    }
    (reference, referenceStarts) = (calibration, calibrationStarts)
    if !request.referenceFiles.isEmpty {
      let dataset = try read(request.referenceFiles, readsTargets: false)
      hasReference = true
      reference = try items(dataset.arrays)
      referenceStarts = RecordingStarts(dataset.groups, items: reference.count)
    }
    nameUnits()
  }

  /// Names the only input's features as `columns.features` says.
  private mutating func nameFeatures(_ names: [String]) throws(PackError) {
    guard !names.isEmpty else { return }
    let expected =
      stream.map(\.rule.channels) ?? graph[graph.inputs[0]].type.shape.reduce(1, *)
    guard graph.inputs.count == 1, names.count == expected, Set(names).count == names.count else {
      throw PackError(
        .failed,
        "columns.features are \(names.count) names, the model's first of \(graph.inputs.count) inputs "
          + "takes \(expected) features",
        hint: "each name once; of several inputs, use inputs[].labels")
    }
    name(0, names.map { ColumnHeading(name: $0, unit: "") })
  }

  /// Changes every item.
  mutating func change(_ body: ([TensorData]) -> [TensorData]) {
    calibration = calibration.map(body)
    reference = reference.map(body)
  }

  private var interface: DataInterface {
    DataInterface(graph, encodings: encodings, ports: ports, stream: stream, roles: roles)
  }

  private func items(_ arrays: [NumericArray]) throws(PackError) -> [[TensorData]] {
    try ModelItems.split(arrays, for: graph, encodings: encodings, stream: stream)
  }

  private mutating func read(
    _ files: [DataFile], readsTargets: Bool = true
  ) throws(PackError) -> Dataset {
    let dataset = try DataReader(interface, readsTargets: readsTargets).read(files)
    notes += dataset.notes
    guard !dataset.notes.isEmpty else { return dataset }
    roles = dataset.roles
    for (position, headings) in dataset.features.enumerated() { name(position, headings) }
    return dataset
  }

  /// Remembers the names of an input's features, where none are known, and their units.
  private mutating func name(_ position: Int, _ headings: [ColumnHeading]) {
    guard position < graph.inputs.count, !headings.isEmpty else { return }
    let value = graph[graph.inputs[position]].name
    let index: Int
    if let known = ports.firstIndex(where: { $0.name == value }) {
      index = known
    } else {
      index = ports.count
      ports.append(NamedPort(name: value, naming: PortNaming()))
    }
    if ports[index].naming.labels.isEmpty { ports[index].naming.labels = headings.map(\.name) }
    let found = ports[index].naming.labels.map { label in
      headings.first { $0.name == label }?.unit ?? ""
    }
    if ports[index].naming.units.isEmpty, found.contains(where: { !$0.isEmpty }) {
      ports[index].naming.units = found
    }
  }

  /// Units that the recipe gives by features' names.
  private mutating func nameUnits() {
    for index in ports.indices {
      let labels = ports[index].naming.labels
      guard labels.contains(where: { units[$0] != nil }) else { continue }
      let known = ports[index].naming.units
      ports[index].naming.units = labels.indices.map { position in
        units[labels[position]] ?? (known.isEmpty ? "" : known[position])
      }
    }
  }

  /// Groups that are stated take the place of those that the data has.
  private func setGroups(
    _ groups: [Int64], of dataset: inout Dataset, splits: Bool
  ) throws(PackError) {
    guard !groups.isEmpty else { return }
    // Shares are cut from rows, recordings are made of items.
    let count =
      splits ? dataset.arrays.first?.shape.first ?? 0 : try items(dataset.arrays).count
    guard groups.count == count else {
      throw PackError(
        .failed, "there are \(count) calibration items and \(groups.count) groups")
    }
    dataset.groups = TextColumn(groups)
  }
}
