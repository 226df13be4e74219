import CSQLite

/// A column or parameter.
enum SQLValue: Equatable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])

  init(_ statement: OpaquePointer, column: Int32) {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER:
      self = .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT:
      self = .real(sqlite3_column_double(statement, column))
    case SQLITE_TEXT:
      self = .text(sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "")
    case SQLITE_BLOB:
      let bytes = sqlite3_column_blob(statement, column)
      let count = Int(sqlite3_column_bytes(statement, column))
      self = .blob(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    default:
      self = .null
    }
  }

  /// SQLite copies what it is given: the buffers live only during the call.
  private static var transient: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  func bind(to statement: OpaquePointer, at index: Int32) {
    switch self {
    case .null: sqlite3_bind_null(statement, index)
    case .integer(let value): sqlite3_bind_int64(statement, index, value)
    case .real(let value): sqlite3_bind_double(statement, index, value)
    case .text(let value): sqlite3_bind_text(statement, index, value, -1, Self.transient)
    case .blob(let value):
      value.withUnsafeBytes { bytes in
        // An empty blob needs a non-null address to differ from NULL.
        let address = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)
        sqlite3_bind_blob(statement, index, address, Int32(bytes.count), Self.transient)
      }
    }
  }

  /// The integer of a column known to hold one.
  var integer: Int64 { if case .integer(let value) = self { value } else { 0 } }
  /// The text of a column known to hold it.
  var text: String { if case .text(let value) = self { value } else { "" } }
  /// The bytes of a column known to hold them.
  var blob: [UInt8] { if case .blob(let value) = self { value } else { [] } }
}
