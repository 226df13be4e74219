import Wire

/// One pass over the rows of a table.
struct CSVBody {
  let names: [String]
  let path: String
  let wanted: [(column: Int, kind: ColumnKind)]
  var scanner: CSVScanner
  let bytes: UnsafeRawBufferPointer

  private var numbers: [[Double]]
  private var texts: [TextColumn]
  private var positions: [[String: Int]]
  /// By column: where it stands among the wanted ones, -1 where it is passed over.
  private var slots: [Int]

  init(
    names: [String], path: String, wanted: [(column: Int, kind: ColumnKind)], scanner: CSVScanner,
    bytes: UnsafeRawBufferPointer
  ) {
    self.names = names
    self.path = path
    self.wanted = wanted
    self.scanner = scanner
    self.bytes = bytes
    numbers = wanted.map { _ in [] }
    texts = wanted.map { _ in TextColumn() }
    positions = wanted.map { _ in [:] }
    slots = [Int](repeating: -1, count: names.count)
    for (slot, column) in wanted.enumerated() { slots[column.column] = slot }
  }

  mutating func read() throws(ArrayFileError) -> [ColumnValues] {
    var row = 0
    scanner.skipBlankLines()
    while !scanner.isAtEnd {
      row += 1
      try readRow(row, line: scanner.line)
      scanner.skipBlankLines()
    }
    var columns: [ColumnValues] = []
    for (slot, column) in wanted.enumerated() {
      columns.append(column.kind == .texts ? .texts(texts[slot]) : .numbers(numbers[slot]))
    }
    return columns
  }

  private mutating func readRow(_ row: Int, line: Int) throws(ArrayFileError) {
    var column = 0
    var terminator = CSVScanner.Terminator.comma
    while terminator == .comma {
      let field: CSVScanner.Field
      do throws(CSVScanner.Fault) {
        field = try scanner.next()
      } catch {
        throw fault(error.text, row, line, column: column)
      }
      terminator = field.terminator
      if column < slots.count, slots[column] >= 0 {
        try take(field, slot: slots[column], row, line)
      }
      column += 1
    }
    guard column == names.count else {
      throw ArrayFileError.table(
        "row \(row) (line \(line)) has \(column) fields where \(names.count) columns are named",
        path: path)
    }
  }

  @inline(__always)
  private mutating func take(
    _ field: CSVScanner.Field, slot: Int, _ row: Int, _ line: Int
  ) throws(ArrayFileError) {
    switch wanted[slot].kind {
    case .numbers(let allowsMissing):
      let cell = UnsafeRawBufferPointer(rebasing: bytes[field.start..<field.end])
      if let value = DecimalField.parse(cell), value.isFinite || allowsMissing {
        numbers[slot].append(value)
      } else {
        numbers[slot].append(try missing(field, slot, allowsMissing, row, line))
      }
    case .texts:
      guard let text = Self.text(of: field, bytes) else {
        throw fault("the cell is not UTF-8 text", row, line, column: wanted[slot].column)
      }
      texts[slot].codes.append(code(of: text, slot: slot))
    }
  }

  private mutating func code(of text: String, slot: Int) -> Int {
    if let known = positions[slot][text] { return known }
    positions[slot][text] = texts[slot].values.count
    texts[slot].values.append(text)
    return texts[slot].values.count - 1
  }

  /// NaN for a missing value, where one may be.
  private func missing(
    _ field: CSVScanner.Field, _ slot: Int, _ allowsMissing: Bool, _ row: Int, _ line: Int
  ) throws(ArrayFileError) -> Double {
    let column = wanted[slot].column
    guard let text = Self.text(of: field, bytes) else {
      throw fault("the cell is not UTF-8 text", row, line, column: column)
    }
    guard CSVTable.isMissing(text) else {
      throw fault("'\(Self.shown(text))' is not a finite number", row, line, column: column)
    }
    guard allowsMissing else {
      let what = text.isEmpty ? "the cell is empty" : "the value is missing ('\(text)')"
      throw fault("\(what), and the model takes numbers only", row, line, column: column)
    }
    return .nan
  }

  /// The beginning of a cell on one line.
  private static func shown(_ text: String) -> String {
    String(
      String.UnicodeScalarView(text.unicodeScalars.prefix(40).map { $0.value < 32 ? " " : $0 }))
  }

  private func fault(
    _ what: String, _ row: Int, _ line: Int, column: Int
  ) -> ArrayFileError {
    let name = column < names.count ? "column '\(names[column])'" : "field \(column + 1)"
    return .table("row \(row) (line \(line)), \(name): \(what)", path: path)
  }

  /// A field's text; nil where it is not UTF-8.
  static func text(of field: CSVScanner.Field, _ bytes: UnsafeRawBufferPointer) -> String? {
    var content = Array(bytes[field.start..<field.end])
    if field.hasDoubledQuotes {
      var single: [UInt8] = []
      var index = 0
      while index < content.count {
        single.append(content[index])
        index += content[index] == UInt8(ascii: "\"") ? 2 : 1
      }
      content = single
    }
    return UTF8Text.isValid(content) ? String(decoding: content, as: UTF8.self) : nil
  }
}
