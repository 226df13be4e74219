import Arrays
import BundleFormat
import Foundation
import HostArrays
import SignalChain

/// Cuts items from recordings, each by itself: no item has rows of two.
struct RecordingReader {
  private let interface: DataInterface
  private let readsTargets: Bool

  init(_ interface: DataInterface, readsTargets: Bool) {
    self.interface = interface
    self.readsTargets = readsTargets
  }

  /// Items of sound files.
  func read(_ sounds: [DataFile.Sound]) throws(PackError) -> Dataset {
    var label: TextColumn?
    if readsTargets, sounds.allSatisfy({ $0.label != nil }) {
      var column = TextColumn()
      for sound in sounds { column.append(sound.label ?? "") }
      label = column
    }
    let path = sounds.count == 1 ? sounds[0].path : "the folder"
    let stream = try front(path)
    var builder = ItemBuilder(interface, stream)
    for sound in sounds {
      try builder.add(try samples(of: sound.path, stream), path: sound.path)
    }
    var dataset = try builder.dataset(path: path)
    if let label {
      dataset.targets = try TargetReader.targets(
        label.picking(builder.recordings), named: "folder", of: interface, path: path)
    }
    dataset.roles = interface.roles
    dataset.notes.append(
      "\(sounds.count) sound \(sounds.count == 1 ? "file" : "files"), \(builder.recordings.count) items"
        + (label == nil ? "" : "; labels are the folders' names"))
    return dataset
  }

  /// Items of the sound files that a table names, relative to its folder.
  func read(
    _ table: CSVTable, _ columns: ColumnAssignment, file: Int
  ) throws(PackError) -> Dataset {
    let stream = try front(table.path)
    let names = try table.texts(file)
    let rows = try TableRows(table, columns, interface)
    let folder = URL(fileURLWithPath: table.path).deletingLastPathComponent()
    var builder = ItemBuilder(interface, stream)
    for row in 0..<names.codes.count {
      let path = URL(fileURLWithPath: names[row], relativeTo: folder).path
      guard DataFile.isSound(path) else {
        throw PackError(
          .failed,
          "\(table.path): row \(row + 1), column '\(table.columns[file])': '\(names[row])' "
            + "is no .wav file")
      }
      try builder.add(try samples(of: path, stream), path: path)
    }
    var dataset = try builder.dataset(path: table.path)
    try describe(&dataset, rows, rowOf: builder.recordings, table.path, columns.roles.label)
    dataset.roles = columns.roles
    dataset.notes.append(DataReader.summary(table, columns, rows.count))
    return dataset
  }

  /// Items of a table's rows: a recording ends where the group changes. An item is labelled as its
  /// last row is.
  func cut(
    _ rows: TableRows, by stream: StreamSource, path: String
  ) throws(PackError) -> Dataset {
    let whole = try rows.recording(path: path)
    var builder = ItemBuilder(interface, stream)
    var lastRows: [Int] = []
    var start = 0
    while start < rows.count {
      var end = start + 1
      while end < rows.count, rows.group.map({ $0.codes[end] == $0.codes[start] }) ?? true {
        end += 1
      }
      if let time = rows.time { try checkOrder(time, start..<end, path) }
      let part: NumericArray
      do throws(ArrayError) { part = try whole.items(start..<end) } catch {
        throw PackError(.failed, error.message)
      }
      let count = try builder.add(part, path: path)
      lastRows += (0..<count).map { start + $0 * stream.rule.hop + stream.rule.rows - 1 }
      start = end
    }
    var dataset = try builder.dataset(path: path)
    try describe(&dataset, rows, rowOf: lastRows, path, nil)
    return dataset
  }

  private func describe(
    _ dataset: inout Dataset, _ rows: TableRows, rowOf: [Int], _ path: String, _ name: String?
  ) throws(PackError) {
    dataset.targets = try (readsTargets ? rows.label : nil).map { (label) throws(PackError) in
      try TargetReader.targets(
        label.picking(rowOf), named: name ?? "label", of: interface, path: path)
    }
    dataset.slices = rows.slices.map {
      Dataset.Slice(name: $0.name, values: $0.values.picking(rowOf))
    }
    if let group = rows.group { dataset.groups = group.picking(rowOf) }
  }

  /// Times, as numbers where all are, must not go back within a recording.
  private func checkOrder(
    _ time: TextColumn, _ rows: Range<Int>, _ path: String
  ) throws(PackError) {
    for row in rows.dropFirst() {
      let (earlier, later) = (time[row - 1], time[row])
      let isAscending: Bool
      if let first = Double(earlier), let second = Double(later) {
        isAscending = first <= second
      } else {
        isAscending = earlier <= later
      }
      guard isAscending else {
        throw PackError(
          .failed, "\(path): row \(row + 1) is of \(later), before the row above of \(earlier)",
          hint: "sort the rows of a recording by time, and give each recording a group of its own")
      }
    }
  }

  private func front(_ path: String) throws(PackError) -> StreamSource {
    guard let stream = interface.stream, stream.audio != nil else {
      throw PackError(
        .failed, "\(path) is sound, and the model has no front end for it",
        hint: "say in the recipe how sound becomes rows: audio: { rate: …, … }, stream: { … }")
    }
    return stream
  }

  private func samples(
    of path: String, _ stream: StreamSource
  ) throws(PackError) -> NumericArray {
    let wave: WaveFile
    do throws(ArrayFileError) { wave = try WaveFile(path: path) } catch {
      throw PackError(.failed, error.message)
    }
    if let rule = stream.audio, wave.rate != rule.rate {
      throw PackError(
        .failed, "\(path) has \(wave.rate) samples per second, the front end takes \(rule.rate)",
        hint: "resample it, e.g. sox IN.wav -r \(rule.rate) OUT.wav")
    }
    let channel = interface.roles.channel
    guard wave.channelCount == 1 || channel != nil else {
      throw PackError(
        .failed, "\(path) has \(wave.channelCount) channels",
        hint: "say in the recipe which is taken, from 0: columns: { channel: 0 }")
    }
    guard channel ?? 0 < wave.channelCount || wave.channelCount == 1 else {
      throw PackError(
        .failed, "\(path) has \(wave.channelCount) channels, and channel \(channel ?? 0) is taken")
    }
    let samples = wave.channel(channel ?? 0)
    do throws(ArrayError) {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(2 * samples.count)
      for sample in samples {
        bytes.append(UInt8(truncatingIfNeeded: sample))
        bytes.append(UInt8(truncatingIfNeeded: sample >> 8))
      }
      return try NumericArray(type: .int16, shape: [samples.count], bytes: bytes)
    } catch {
      throw PackError(.failed, error.message)
    }
  }
}

/// Collects the items of recordings.
private struct ItemBuilder {
  private let input: DataInterface.Input
  private let stream: StreamSource
  private var bytes: [UInt8] = []
  private var type = ArrayElementType.float32
  private var tooShort = 0
  /// The recording of each item, as a group: its items stay together.
  private var groups = TextColumn()
  /// The recording of each item.
  private(set) var recordings: [Int] = []
  private var recordingCount = 0

  init(_ interface: DataInterface, _ stream: StreamSource) {
    input = interface.inputs[0]
    self.stream = stream
  }

  /// Adds a recording and says how many items it has; one shorter than a window has none.
  @discardableResult
  mutating func add(_ recording: NumericArray, path: String) throws(PackError) -> Int {
    let count = stream.items(in: recording)
    defer { recordingCount += 1 }
    guard count > 0 else {
      tooShort += 1
      return 0
    }
    let items = try stream.items(of: recording, shape: input.shape, name: input.name)
    bytes += items.bytes
    type = items.type
    recordings += [Int](repeating: recordingCount, count: count)
    for _ in 0..<count { groups.append("\(path) \(recordingCount)") }
    return count
  }

  func dataset(path: String) throws(PackError) -> Dataset {
    guard !recordings.isEmpty else {
      throw PackError(
        .failed,
        "\(path): no recording is as long as a window of \(stream.rule.rows) rows")
    }
    do throws(ArrayError) {
      var dataset = Dataset(
        arrays: [
          try NumericArray(type: type, shape: [recordings.count] + input.shape, bytes: bytes)
        ])
      dataset.groups = groups
      if tooShort > 0 {
        dataset.notes.append(
          "\(tooShort) of \(recordingCount) recordings are shorter than a window: they give no items"
        )
      }
      return dataset
    } catch {
      throw PackError(.failed, error.message)
    }
  }
}
