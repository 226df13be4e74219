public import Arrays
import System
import Wire

/// A numeric table with a line of column names: comma-separated (RFC 4180), names may be quoted.
public struct CSVTable: Sendable {
  /// The names on the first line.
  public let columns: [String]
  /// Numbers, row by row.
  public let values: [Double]
  /// Rows below the names.
  public let rowCount: Int
  private let path: String

  /// Parses `bytes`; `path` only names the table in errors. Every row must have as many finite
  /// numbers as there are names. A first line of numbers only is refused: the names are missing.
  public init(_ bytes: [UInt8], path: String) throws(ArrayFileError) {
    self.path = path
    var content = bytes[...]
    if content.starts(with: [0xef, 0xbb, 0xbf]) { content = content.dropFirst(3) }
    guard UTF8Text.isValid(Array(content)) else {
      throw ArrayFileError.table("not UTF-8 text", path: path)
    }
    var columns: [String] = []
    var values: [Double] = []
    var rows = 0
    var number = 0
    for line in content.split(separator: 0x0a, omittingEmptySubsequences: false) {
      number += 1
      let line = line.last == 0x0d ? line.dropLast() : line
      if line.allSatisfy({ $0 == 0x20 }) { continue }
      guard let fields = Self.fields(line) else {
        throw ArrayFileError.table("line \(number): a quote is not closed", path: path)
      }
      if columns.isEmpty {
        columns = fields
        try Self.checkNames(fields, path)
        continue
      }
      guard fields.count == columns.count else {
        throw ArrayFileError.table(
          "line \(number) has \(fields.count) fields where \(columns.count) columns are named",
          path: path)
      }
      for (field, column) in zip(fields, columns) {
        guard let value = Number.double(field), value.isFinite else {
          throw ArrayFileError.table(
            "line \(number), column \(column): '\(field.prefix(40))' is not a number", path: path)
        }
        values.append(value)
      }
      rows += 1
    }
    guard !columns.isEmpty else { throw ArrayFileError.table("the table is empty", path: path) }
    self.columns = columns
    self.values = values
    rowCount = rows
  }

  /// All rows as float32 of shape (rows, columns).
  public func array() throws(ArrayFileError) -> NumericArray {
    try array(values.map { Float($0) }, [rowCount, columns.count])
  }

  /// One column as float32 of shape (rows,); nil when there is none of that name.
  public func column(_ name: String) throws(ArrayFileError) -> NumericArray? {
    guard let index = columns.firstIndex(of: name) else { return nil }
    let picked = (0..<rowCount).map { Float(values[$0 * columns.count + index]) }
    return try array(picked, [rowCount])
  }

  private func array(_ floats: [Float], _ shape: [Int]) throws(ArrayFileError) -> NumericArray {
    do throws(ArrayError) {
      return try NumericArray(floats: floats, shape: shape)
    } catch {
      throw ArrayFileError.array(error, path: path)
    }
  }

  private static func checkNames(_ names: [String], _ path: String) throws(ArrayFileError) {
    if names.allSatisfy({ Number.double($0) != nil }) {
      throw ArrayFileError.table("the first line must name the columns", path: path)
    }
    if let empty = names.firstIndex(of: "") {
      throw ArrayFileError.table("column \(empty + 1) has no name", path: path)
    }
    guard Set(names).count == names.count else {
      throw ArrayFileError.table("two columns have the same name", path: path)
    }
  }

  /// The fields of a line, outer spaces removed; nil when a quote is not closed.
  private static func fields(_ line: ArraySlice<UInt8>) -> [String]? {
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    var index = line.startIndex
    while index < line.endIndex {
      let byte = line[index]
      index += 1
      if byte == UInt8(ascii: "\"") {
        let isPair = isQuoted && index < line.endIndex && line[index] == byte
        if isPair {
          field.append(byte)
          index += 1
        } else {
          isQuoted.toggle()
        }
      } else if byte == UInt8(ascii: ","), !isQuoted {
        fields.append(trimmed(field))
        field = []
      } else {
        field.append(byte)
      }
    }
    fields.append(trimmed(field))
    return isQuoted ? nil : fields
  }

  private static func trimmed(_ field: [UInt8]) -> String {
    var slice = field[...]
    while let first = slice.first, first == 0x20 || first == 0x09 { slice.removeFirst() }
    while let last = slice.last, last == 0x20 || last == 0x09 { slice.removeLast() }
    return String(decoding: slice, as: UTF8.self)
  }
}
