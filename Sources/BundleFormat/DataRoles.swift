import CBOR

/// What the columns of a table of data are, by their names: so that whoever evaluates a bundle reads
/// data as whoever packed it did. Features are the labels of the input ports.
public struct DataRoles: Sendable, Equatable {
  /// The class or the value to predict.
  public var label: String?
  /// Columns whose values results are broken down by.
  public var slices: [String] = []
  /// Rows of one value stay together: a machine, a person, a recording.
  public var group: String?
  /// When a row was measured.
  public var time: String?
  /// Names of sound files.
  public var file: String?
  /// Columns that are left out.
  public var ignored: [String] = []
  /// The channel taken of sound that has several, from 0.
  public var channel: Int?

  /// True where nothing is said.
  public var isEmpty: Bool {
    label == nil && slices.isEmpty && group == nil && time == nil && file == nil
      && ignored.isEmpty && channel == nil
  }

  /// Creates roles of which nothing is said.
  public init() {}
}

extension DataRoles {
  private static let channelsMax = 65_536

  func cbor() -> CBORValue {
    var map: CBORMap = [:]
    if let label { map[.text("label")] = .text(label) }
    if !slices.isEmpty { map[.text("slices")] = .array(slices.map { .text($0) }) }
    if let group { map[.text("group")] = .text(group) }
    if let time { map[.text("time")] = .text(time) }
    if let file { map[.text("file")] = .text(file) }
    if !ignored.isEmpty { map[.text("ignored")] = .array(ignored.map { .text($0) }) }
    if let channel { map[.text("channel")] = .unsigned(UInt64(channel)) }
    return .map(map)
  }

  init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly(["label", "slices", "group", "time", "file", "ignored", "channel"])
    func name(_ key: String) throws(CBORError) -> String? {
      record.has(key) ? try record.text(at: key) : nil
    }
    func names(_ key: String) throws(CBORError) -> [String] {
      record.has(key) ? try record.texts(at: key, limit: BundleLimits.labels) : []
    }
    label = try name("label")
    slices = try names("slices")
    group = try name("group")
    time = try name("time")
    file = try name("file")
    ignored = try names("ignored")
    if record.has("channel") {
      channel = try record.count(at: "channel", in: 0...Self.channelsMax)
    }
  }
}
