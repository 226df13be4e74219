public import Arrays
import System
import Wire

/// A column's name as it stands in a table's first line, `NAME` or `NAME [UNIT]`.
public struct ColumnHeading: Sendable, Equatable {
  /// The name without the unit.
  public let name: String
  /// The unit; empty where none is stated.
  public let unit: String

  /// Creates a heading.
  public init(name: String, unit: String) {
    self.name = name
    self.unit = unit
  }

  /// Takes a heading apart.
  public init(_ text: String) {
    guard text.hasSuffix("]"), let open = text.lastIndex(of: "["), open > text.startIndex,
      text[text.index(before: open)] == " "
    else {
      (name, unit) = (text, "")
      return
    }
    var name = text[..<open]
    while name.last == " " { name.removeLast() }
    self.name = String(name)
    unit = String(text[text.index(after: open)...].dropLast())
  }
}

/// A column of text: each row's value by its position among the distinct ones, in order of
/// appearance.
public struct TextColumn: Sendable, Equatable {
  /// Distinct values.
  public var values: [String] = []
  /// One per row.
  public var codes: [Int] = []

  /// Creates a column.
  public init(values: [String] = [], codes: [Int] = []) {
    self.values = values
    self.codes = codes
  }

  /// Adds a row.
  public mutating func append(_ value: String) {
    if let known = values.firstIndex(of: value) { return codes.append(known) }
    codes.append(values.count)
    values.append(value)
  }

  /// The value of a row.
  public subscript(row: Int) -> String { values[codes[row]] }
}

/// What a column is read as.
public enum ColumnKind: Sendable, Equatable {
  /// Finite numbers; with `allowsMissing` infinities too, and NaN where a cell is empty.
  case numbers(allowsMissing: Bool)
  /// Text as it stands.
  case texts
}

/// A column that was read.
public enum ColumnValues: Sendable, Equatable {
  /// One number per row.
  case numbers([Double])
  /// One text per row.
  case texts(TextColumn)
}

/// A table with a line of column names: comma-separated UTF-8 (RFC 4180), mapped and read in one
/// pass when its columns are asked for; columns nobody asks for are passed over.
public struct CSVTable: Sendable {
  private enum Content: Sendable {
    case mapped(MappedFile)
    case bytes([UInt8])
  }

  /// Most columns of a table.
  public static let columnsMax = 65_536
  /// Cells that stand for a missing value, in lower case.
  private static let missing: Set<String> = ["", "nan", "na", "n/a", "null", "none"]

  /// The names on the first line.
  public let headings: [ColumnHeading]
  /// Names the table in errors.
  public let path: String
  private let content: Content
  /// Where the first row begins, and its line.
  private let body: (position: Int, line: Int)

  /// Maps a file and reads its first line.
  public init(path: String, limit: Int) throws(ArrayFileError) {
    let file: MappedFile
    do throws(SystemError) {
      file = try MappedFile(path, limit: limit)
    } catch {
      throw ArrayFileError.system(error)
    }
    try self.init(.mapped(file), path: path)
  }

  /// Reads the first line of `bytes`; `path` only names the table in errors.
  ///
  /// - Throws: where names are missing or equal: a first line of numbers only is no names.
  public init(_ bytes: [UInt8], path: String) throws(ArrayFileError) {
    try self.init(.bytes(bytes), path: path)
  }

  private init(_ content: Content, path: String) throws(ArrayFileError) {
    let (names, body) = try Self.with(content) { (bytes) throws(ArrayFileError) in
      try Self.names(bytes, path)
    }
    self.content = content
    self.path = path
    self.body = body
    headings = names.map { ColumnHeading($0) }
    var seen: Set<String> = []
    for (index, heading) in headings.enumerated() {
      guard !heading.name.isEmpty else {
        throw ArrayFileError.table("column \(index + 1) has no name", path: path)
      }
      guard seen.insert(heading.name).inserted else {
        throw ArrayFileError.table("two columns are called '\(heading.name)'", path: path)
      }
    }
  }

  /// The names of columns, without units.
  public var columns: [String] { headings.map(\.name) }

  /// The columns of some positions, in their order.
  ///
  /// - Throws: `ArrayFileError.table` naming the row, its line and the column of a cell that is not
  ///   what was asked for, or a row of another length than the first line.
  public func read(
    _ wanted: [(column: Int, kind: ColumnKind)]
  ) throws(ArrayFileError) -> [ColumnValues] {
    try Self.with(content) { (bytes) throws(ArrayFileError) in
      var reader = CSVBody(
        names: columns, path: path, wanted: wanted,
        scanner: CSVScanner(bytes, from: body.position, line: body.line), bytes: bytes)
      return try reader.read()
    }
  }

  /// All columns as numbers: float32 of shape (rows, columns).
  public func array() throws(ArrayFileError) -> NumericArray {
    let columns = try read(headings.indices.map { ($0, .numbers(allowsMissing: false)) })
    var floats: [Float] = []
    var rows = 0
    let numbers = columns.map { column -> [Double] in
      if case .numbers(let values) = column { return values }
      return []
    }
    rows = numbers.first?.count ?? 0
    floats.reserveCapacity(rows * numbers.count)
    for row in 0..<rows { for column in numbers { floats.append(Float(column[row])) } }
    do throws(ArrayError) {
      return try NumericArray(floats: floats, shape: [rows, numbers.count])
    } catch {
      throw ArrayFileError.array(error, path: path)
    }
  }

  /// True where a cell's text stands for a missing value.
  static func isMissing(_ text: String) -> Bool { missing.contains(text.lowercased()) }

  private static func with<Result>(
    _ content: Content, _ body: (UnsafeRawBufferPointer) throws(ArrayFileError) -> Result
  ) throws(ArrayFileError) -> Result {
    switch content {
    case .mapped(let file):
      defer { withExtendedLifetime(file) {} }
      return try body(file.bytes)
    case .bytes(let bytes):
      var outcome: Swift.Result<Result, ArrayFileError>?
      bytes.withUnsafeBytes { buffer in
        do throws(ArrayFileError) {
          outcome = .success(try body(buffer))
        } catch {
          outcome = .failure(error)
        }
      }
      switch outcome {
      case .success(let result)?: return result
      case .failure(let error)?: throw error
      case nil: preconditionFailure("the body ran")
      }
    }
  }

  private static func names(
    _ bytes: UnsafeRawBufferPointer, _ path: String
  ) throws(ArrayFileError) -> (names: [String], body: (position: Int, line: Int)) {
    let mark = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    var scanner = CSVScanner(bytes, from: mark, line: 1)
    scanner.skipBlankLines()
    guard !scanner.isAtEnd else { throw ArrayFileError.table("the table is empty", path: path) }
    var names: [String] = []
    var terminator = CSVScanner.Terminator.comma
    while terminator == .comma {
      let field: CSVScanner.Field
      do throws(CSVScanner.Fault) {
        field = try scanner.next()
      } catch {
        throw ArrayFileError.table("line \(scanner.line): \(error.text)", path: path)
      }
      terminator = field.terminator
      guard let name = CSVBody.text(of: field, bytes) else {
        throw ArrayFileError.table("the column names are not UTF-8 text", path: path)
      }
      names.append(name)
      guard names.count <= columnsMax else {
        throw ArrayFileError.table("more than \(columnsMax) columns", path: path)
      }
    }
    if names.allSatisfy({ Number.double($0) != nil }) {
      throw ArrayFileError.table("the first line must name the columns", path: path)
    }
    return (names, (scanner.position, scanner.line))
  }
}
