import Arrays
import BundleFormat
import HostArrays
import ModelGraph
import SignalChain

/// Turns files of data into what a model takes.
public struct DataReader {
  private let interface: DataInterface
  private let readsTargets: Bool

  /// Creates a reader for a model; without targets, labels may be anything.
  public init(_ interface: DataInterface, readsTargets: Bool = true) {
    self.interface = interface
    self.readsTargets = readsTargets
  }

  /// Reads data: one array or table per input, one table for all, or sound.
  ///
  /// - Throws: `PackError` naming file, row and column of what cannot be taken.
  public func read(_ files: [DataFile]) throws(PackError) -> Dataset {
    if files.count == 1, case .table(let table) = files[0] { return try read(table, interface) }
    if files.count == 1, case .sounds(let sounds) = files[0] {
      return try recordings.read(sounds)
    }
    var dataset = Dataset(arrays: [])
    for (position, file) in files.enumerated() {
      switch file {
      case .array(let array):
        dataset.arrays.append(array)
        dataset.features.append([])
      case .table(let table):
        guard files.count == interface.inputs.count, interface.stream == nil else {
          throw countMismatch(files.count)
        }
        var narrow = interface
        narrow.inputs = [interface.inputs[position]]
        let part = try read(table, narrow)
        dataset.arrays += part.arrays
        dataset.features += part.features
        dataset.targets = dataset.targets ?? part.targets
        dataset.slices += part.slices
        dataset.groups = dataset.groups ?? part.groups
        dataset.notes += part.notes
      case .sounds:
        throw PackError(.usage, "sound is the only input of a model that takes it")
      }
    }
    return dataset
  }

  private var recordings: RecordingReader {
    RecordingReader(interface, readsTargets: readsTargets)
  }

  private func countMismatch(_ count: Int) -> PackError {
    let names = interface.inputs.map(\.name).joined(separator: ", ")
    return PackError(
      .usage, "the model has \(interface.inputs.count) inputs (\(names)), got \(count) files",
      hint: "give one table with a column per feature, or a file per input in this order")
  }

  private func read(
    _ table: CSVTable, _ interface: DataInterface
  ) throws(PackError) -> Dataset {
    let columns = try ColumnAssignment(table, interface)
    if let file = columns.file, interface.stream?.audio != nil {
      return try recordings.read(table, columns, file: file)
    }
    let rows = try TableRows(table, columns, interface)
    guard rows.count > 0 else { throw PackError(.failed, "\(table.path) has no rows") }
    var dataset: Dataset
    if let stream = interface.stream {
      dataset = try recordings.cut(rows, by: stream, path: table.path)
    } else {
      dataset = Dataset(arrays: [])
      for (position, input) in interface.inputs.enumerated() {
        dataset.arrays.append(try rows.array(of: input, position, path: table.path))
      }
      dataset.targets = try (readsTargets ? rows.label : nil).map { (label) throws(PackError) in
        try TargetReader.targets(
          label, named: table.columns[columns.label ?? 0], of: interface, path: table.path)
      }
      dataset.slices = rows.slices
      dataset.groups = rows.group
    }
    dataset.features = columns.features.map { $0.map { table.headings[$0] } }
    dataset.roles = columns.roles
    dataset.notes.insert(Self.summary(table, columns, rows.count), at: 0)
    return dataset
  }

  /// What was taken, in one line.
  static func summary(_ table: CSVTable, _ columns: ColumnAssignment, _ rows: Int) -> String {
    let features = columns.features.flatMap { $0 }
    var parts: [String] = []
    if !features.isEmpty {
      let names = features.prefix(6).map { table.columns[$0] }.joined(separator: ", ")
      parts.append("\(features.count) features (\(names)\(features.count > 6 ? ", …" : ""))")
    }
    func add(_ role: String, _ columns: [Int]) {
      guard !columns.isEmpty else { return }
      parts.append("\(role) \(columns.map { "'\(table.columns[$0])'" }.joined(separator: ", "))")
    }
    add("files", columns.file.map { [$0] } ?? [])
    add("label", columns.label.map { [$0] } ?? [])
    add("slices", columns.slices)
    add("group", columns.group.map { [$0] } ?? [])
    add("time", columns.time.map { [$0] } ?? [])
    add("not used:", columns.unused)
    return "\(table.path): \(rows) rows; \(parts.joined(separator: "; "))"
  }
}

/// The cells of a table that a model has a use for.
struct TableRows {
  let count: Int
  /// By input and feature.
  private let features: [[[Double]]]
  private let names: [[String]]
  let label: TextColumn?
  let slices: [Dataset.Slice]
  let group: TextColumn?
  let time: TextColumn?

  init(
    _ table: CSVTable, _ columns: ColumnAssignment, _ interface: DataInterface
  ) throws(PackError) {
    var wanted: [(column: Int, kind: ColumnKind)] = []
    for (position, list) in columns.features.enumerated() {
      let allowsMissing = interface.inputs[position].allowsMissing
      wanted += list.map { ($0, .numbers(allowsMissing: allowsMissing)) }
    }
    let isStream = interface.stream != nil
    let texts =
      [columns.label, columns.group, isStream ? columns.time : nil, columns.file].compactMap { $0 }
      + columns.slices
    wanted += texts.map { ($0, .texts) }
    let read: [ColumnValues]
    do throws(ArrayFileError) {
      read = try table.read(wanted)
    } catch {
      throw PackError(.failed, error.message)
    }
    var numbers: [Int: [Double]] = [:]
    var text: [Int: TextColumn] = [:]
    var count = 0
    for (column, values) in zip(wanted, read) {
      switch values {
      case .numbers(let values):
        numbers[column.column] = values
        count = values.count
      case .texts(let values):
        text[column.column] = values
        count = values.codes.count
      }
    }
    self.count = count
    features = columns.features.map { $0.map { numbers[$0] ?? [] } }
    names = columns.features.map { $0.map { table.columns[$0] } }
    label = columns.label.flatMap { text[$0] }
    group = columns.group.flatMap { text[$0] }
    time = isStream ? columns.time.flatMap { text[$0] } : nil
    slices = columns.slices.compactMap { column in
      let name = table.columns[column]
      let prefix = ColumnAssignment.slicePrefix
      let short = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
      return text[column].map { Dataset.Slice(name: short, values: $0) }
    }
  }

  /// The features of an input, row after row, as items of its shape.
  func array(
    of input: DataInterface.Input, _ position: Int, path: String
  ) throws(PackError) -> NumericArray {
    let elements = input.shape.reduce(1, *)
    guard features[position].count == elements else {
      throw PackError(
        .failed,
        "\(path): input \(input.name) takes \(elements) numbers of an item, "
          + "\(features[position].count) columns are its features")
    }
    return try array(position, element: input.element, shape: [count] + input.shape, path: path)
  }

  /// The features of the only input as a recording, (time, channels).
  func recording(path: String) throws(PackError) -> NumericArray {
    try array(0, element: .real, shape: [count, features[0].count], path: path)
  }

  private func array(
    _ position: Int, element: DataInterface.Input.Element, shape: [Int], path: String
  ) throws(PackError) -> NumericArray {
    switch element {
    case .real:
      let columns = features[position]
      var floats: [Float] = []
      floats.reserveCapacity(count * columns.count)
      for row in 0..<count { for column in columns { floats.append(Float(column[row])) } }
      return try Self.array(path) { () throws(ArrayError) in
        try NumericArray(floats: floats, shape: shape)
      }
    case .bytes:
      let values = try whole(position, in: 0...255, path)
      return try Self.array(path) { () throws(ArrayError) in
        try NumericArray(type: .uint8, shape: shape, bytes: values.map { UInt8($0) })
      }
    case .integers(let type):
      guard let found = ArrayElementType.allCases.first(where: { $0.name == type.rawValue }) else {
        throw PackError(.failed, "\(path): a table gives no elements of type \(type.rawValue)")
      }
      let limit = 1 << min(found.size * 8 - 1, 53)
      var bytes: [UInt8] = []
      for value in try whole(position, in: found == .bool ? 0...1 : -limit...limit - 1, path) {
        for byte in 0..<found.size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
      }
      return try Self.array(path) { () throws(ArrayError) in
        try NumericArray(type: found, shape: shape, bytes: bytes)
      }
    }
  }

  private static func array(
    _ path: String, _ body: () throws(ArrayError) -> NumericArray
  ) throws(PackError) -> NumericArray {
    do throws(ArrayError) {
      return try body()
    } catch {
      throw PackError(.failed, "\(path): \(error.message)")
    }
  }

  private func whole(
    _ position: Int, in range: ClosedRange<Int>, _ path: String
  ) throws(PackError) -> [Int] {
    var values: [Int] = []
    for row in 0..<count {
      for (column, cells) in features[position].enumerated() {
        guard let value = Int(exactly: cells[row]), range.contains(value) else {
          throw PackError(
            .failed,
            "\(path): row \(row + 1), column '\(names[position][column])': \(cells[row]) is not a "
              + "whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        values.append(value)
      }
    }
    return values
  }
}
