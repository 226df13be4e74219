import BundleFormat
import HostArrays
import SignalChain

/// Which column of a table is what: what is stated first, then features by name, then names that
/// say it themselves, then the rest.
struct ColumnAssignment {
  static let labelNames = ["label", "target", "class"]
  static let timeNames = ["time", "timestamp"]
  static let slicePrefix = "slice:"

  var label: Int?
  var slices: [Int] = []
  var group: Int?
  var time: Int?
  var file: Int?
  /// Positions of each input's features, in the input's order.
  var features: [[Int]] = []
  /// Columns that nothing reads.
  var unused: [Int] = []
  /// The roles as they were taken, by name.
  var roles = DataRoles()

  private let table: CSVTable
  private let interface: DataInterface
  private var taken: Set<Int> = []

  /// Assigns a table's columns.
  ///
  /// - Throws: `PackError` naming a column that is missing, or two that claim one role.
  init(_ table: CSVTable, _ interface: DataInterface) throws(PackError) {
    self.table = table
    self.interface = interface
    assignStated()
    let isSound = interface.stream?.audio != nil
    let isNamed = interface.inputs.allSatisfy { !$0.features.isEmpty }
    if isNamed, !isSound { try assignNamedFeatures() }
    try assignUsual(isSound: isSound)
    if isSound { try requireFile() } else if !isNamed { try assignOtherFeatures() }
    unused = table.headings.indices.filter { !taken.contains($0) }
    roles.ignored = interface.roles.ignored
    roles.channel = interface.roles.channel
    roles.label = label.map { table.columns[$0] } ?? interface.roles.label
    roles.slices = slices.map { table.columns[$0] }
    roles.group = group.map { table.columns[$0] } ?? interface.roles.group
    roles.time = time.map { table.columns[$0] } ?? interface.roles.time
    roles.file = file.map { table.columns[$0] } ?? interface.roles.file
  }

  /// Columns that are neither stated nor by their names something else: a model's features, most
  /// likely, before it is known.
  static func otherColumns(_ table: CSVTable, _ roles: DataRoles) -> [Int] {
    let stated = Set(
      [roles.label, roles.group, roles.time, roles.file].compactMap { $0 } + roles.slices
        + roles.ignored)
    let usual = labelNames + timeNames + ["group"]
    return table.headings.indices.filter { column in
      let name = table.columns[column]
      return !stated.contains(name) && !usual.contains(name.lowercased())
        && !name.hasPrefix(slicePrefix)
    }
  }

  private mutating func take(_ name: String) -> Int? {
    guard let column = table.headings.firstIndex(where: { $0.name == name }),
      taken.insert(column).inserted
    else { return nil }
    return column
  }

  private mutating func assignStated() {
    let roles = interface.roles
    label = roles.label.flatMap { take($0) }
    group = roles.group.flatMap { take($0) }
    time = roles.time.flatMap { take($0) }
    file = roles.file.flatMap { take($0) }
    for name in roles.slices { if let column = take(name) { slices.append(column) } }
    for name in roles.ignored { _ = take(name) }
  }

  /// Features of known names, wherever they stand.
  private mutating func assignNamedFeatures() throws(PackError) {
    var missing: [String] = []
    for input in interface.inputs {
      var columns: [Int] = []
      for name in input.features {
        if let column = take(name) { columns.append(column) } else { missing.append(name) }
      }
      features.append(columns)
    }
    guard missing.isEmpty else {
      let all = missing.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
      let more = missing.count > 5 ? " and \(missing.count - 5) more" : ""
      throw PackError(
        .failed, "\(table.path) has no column \(all)\(more)",
        hint: "features are taken by the names that the model was packed with; the table has "
          + "\(table.columns.prefix(12).joined(separator: ", "))")
    }
  }

  /// Columns whose names say what they are.
  private mutating func assignUsual(isSound: Bool) throws(PackError) {
    if label == nil { label = try usual(Self.labelNames, "label") }
    if group == nil { group = try usual(["group"], "group") }
    if time == nil { time = try usual(Self.timeNames, "time") }
    if isSound, file == nil { file = try usual(["file", "path"], "file") }
    for heading in table.headings where heading.name.hasPrefix(Self.slicePrefix) {
      if let column = take(heading.name) { slices.append(column) }
    }
  }

  private mutating func usual(_ names: [String], _ role: String) throws(PackError) -> Int? {
    let found = table.headings.indices.filter {
      !taken.contains($0) && names.contains(table.headings[$0].name.lowercased())
    }
    guard found.count <= 1 else {
      let columns = found.map { "'\(table.columns[$0])'" }.joined(separator: " and ")
      throw PackError(
        .failed, "\(table.path): \(columns) may both be the \(role)",
        hint: "say in the recipe: columns: { \(role): \"NAME\", ignore: [\"OTHER\"] }")
    }
    return found.first.flatMap { take(table.columns[$0]) }
  }

  private func requireFile() throws(PackError) {
    guard file == nil else { return }
    throw PackError(
      .failed, "\(table.path) has no column of sound files",
      hint: "call it `file`, or say in the recipe: columns: { file: \"NAME\" }")
  }

  /// Features whose names are not known: of one input, all columns left, in the table's order; of
  /// several, the columns called like inputs of one element.
  private mutating func assignOtherFeatures() throws(PackError) {
    guard interface.inputs.count == 1 else {
      for input in interface.inputs {
        if input.features.isEmpty, input.shape.reduce(1, *) == 1, let column = take(input.name) {
          features.append([column])
          continue
        }
        var columns: [Int] = []
        for name in input.features { if let column = take(name) { columns.append(column) } }
        guard !columns.isEmpty, columns.count == input.features.count else {
          throw PackError(
            .failed, "\(table.path) has no column '\(input.name)', which the model takes",
            hint:
              "name the columns in the recipe: inputs: [{ name: \"\(input.name)\", labels: […] }]")
        }
        features.append(columns)
      }
      return
    }
    let left = table.headings.indices.filter { !taken.contains($0) }
    taken.formUnion(left)
    let expected =
      interface.stream.map(\.rule.channels) ?? interface.inputs[0].shape.reduce(1, *)
    guard left.count == expected else {
      let names = left.prefix(20).map { table.columns[$0] }.joined(separator: ", ")
      throw PackError(
        .failed,
        "\(table.path) has \(left.count) columns of features (\(names)), input "
          + "\(interface.inputs[0].name) takes \(expected)",
        hint: "say in the recipe what is none: columns: { label: …, ignore: [ … ] }")
    }
    features = [left]
  }
}
