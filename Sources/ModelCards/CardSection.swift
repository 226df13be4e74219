public import CBOR

/// The section `card` of a bundle: what the manifest does not know of the model and its data.
public struct CardSection: Sendable, Equatable {
  /// What a person stated.
  public var statement: CardStatement
  /// The data, in the order it was used.
  public var data: [DataFacts]

  /// Creates a section.
  public init(statement: CardStatement, data: [DataFacts]) {
    self.statement = statement
    self.data = data
  }

  /// True where nothing is stated and nothing known.
  public var isEmpty: Bool { statement == CardStatement() && data.isEmpty }

  /// Most spreads of one set of data.
  public static let spreadsLimit = 64
  private static let schema: UInt64 = 1
  private static let (dataLimit, classesLimit) = (8, 4096)

  /// Deterministic CBOR.
  public func encoded() -> [UInt8] {
    var statement: CBORMap = [:]
    for (key, path) in CardStatement.texts where !self.statement[keyPath: path].isEmpty {
      statement[.text(key)] = .text(self.statement[keyPath: path])
    }
    for (key, path) in CardStatement.lists where !self.statement[keyPath: path].isEmpty {
      statement[.text(key)] = .array(self.statement[keyPath: path].map { .text($0) })
    }
    return CBORValue.map([
      "schema": .unsigned(Self.schema), "statement": .map(statement),
      "data": .array(data.map { $0.cbor() }),
    ]).encoded()
  }

  /// Reads a section.
  ///
  /// - Throws: `CBORError` naming the field that is wrong; unknown keys are refused.
  public init(decoding bytes: [UInt8]) throws(CBORError) {
    let record = try CBORRecord(try CBORValue.decode(bytes))
    try record.expectOnly(["schema", "statement", "data"])
    guard try record.unsigned(at: "schema") == Self.schema else {
      throw CBORError.outOfRange(path: "schema")
    }
    statement = try CardStatement(try record.record(at: "statement"))
    data = []
    for entry in try record.records(at: "data", limit: Self.dataLimit) {
      data.append(try DataFacts(entry, classesLimit: Self.classesLimit))
    }
  }
}

extension CardStatement {
  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    self.init()
    try record.expectOnly(Self.texts.map(\.key) + Self.lists.map(\.key))
    func bounded(_ text: String, _ key: String) throws(CBORError) -> String {
      guard (1...Self.textLimit).contains(text.utf8.count) else {
        throw CBORError.outOfRange(path: record.pathOf(key))
      }
      return text
    }
    for (key, path) in Self.texts where record.has(key) {
      self[keyPath: path] = try bounded(try record.text(at: key), key)
    }
    for (key, path) in Self.lists where record.has(key) {
      var items: [String] = []
      for item in try record.texts(at: key, limit: Self.listLimit) {
        items.append(try bounded(item, key))
      }
      guard !items.isEmpty else { throw CBORError.outOfRange(path: record.pathOf(key)) }
      self[keyPath: path] = items
    }
  }
}

extension DataFacts {
  fileprivate func cbor() -> CBORValue {
    var map: CBORMap = ["role": .text(role), "items": .unsigned(items)]
    if let groups { map[.text("groups")] = .unsigned(groups) }
    if !classes.isEmpty { map[.text("classes")] = .array(classes.map { .unsigned($0) }) }
    if !spreads.isEmpty { map[.text("spreads")] = .array(spreads.map { $0.cbor() }) }
    return .map(map)
  }

  fileprivate init(_ record: CBORRecord, classesLimit: Int) throws(CBORError) {
    try record.expectOnly(["role", "items", "groups", "classes", "spreads"])
    self.init(role: try record.text(at: "role"), items: try record.unsigned(at: "items"))
    if record.has("groups") { groups = try record.unsigned(at: "groups") }
    if record.has("classes") {
      for count in try record.ints(at: "classes", limit: classesLimit) {
        guard let count = UInt64(exactly: count) else {
          throw CBORError.outOfRange(path: record.pathOf("classes"))
        }
        classes.append(count)
      }
    }
    guard record.has("spreads") else { return }
    for entry in try record.records(at: "spreads", limit: CardSection.spreadsLimit) {
      spreads.append(try Spread(entry))
    }
  }
}

extension DataFacts.Spread {
  fileprivate func cbor() -> CBORValue {
    var map: CBORMap = [
      "name": .text(name), "min": .float64(minimum), "mean": .float64(mean),
      "deviation": .float64(deviation), "max": .float64(maximum),
    ]
    if missing > 0 { map[.text("missing")] = .unsigned(missing) }
    return .map(map)
  }

  fileprivate init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly(["name", "min", "mean", "deviation", "max", "missing"])
    self.init(
      name: try record.text(at: "name"), minimum: try record.double(at: "min"),
      mean: try record.double(at: "mean"), deviation: try record.double(at: "deviation"),
      maximum: try record.double(at: "max"),
      missing: record.has("missing") ? try record.unsigned(at: "missing") : 0)
  }
}
