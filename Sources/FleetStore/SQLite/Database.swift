import CSQLite

/// Why the store could not do something.
public struct StoreError: Error, Equatable, CustomStringConvertible {
  /// What was attempted and SQLite's reason.
  public let description: String
}

/// A connection to an SQLite database. Used by one thread at a time; `FleetStore` sees to it.
final class Database {
  private let handle: OpaquePointer

  /// Opens or creates a database file in write-ahead mode with full synchronisation: a commit that
  /// returned is on disk.
  init(path: String) throws(StoreError) {
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX
    let code = sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened else {
      let reason = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close(opened)
      throw StoreError(description: "cannot open \(path): \(reason)")
    }
    handle = opened
    sqlite3_busy_timeout(handle, 5_000)
    try execute("PRAGMA journal_mode = WAL")
    try execute("PRAGMA synchronous = FULL")
    try execute("PRAGMA foreign_keys = ON")
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs one or more statements without parameters.
  func execute(_ sql: String) throws(StoreError) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
  }

  /// Runs one statement and returns its rows.
  @discardableResult
  func query(_ sql: String, _ parameters: [SQLValue] = []) throws(StoreError) -> [[SQLValue]] {
    var prepared: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK, let prepared else {
      throw failure(sql)
    }
    defer { sqlite3_finalize(prepared) }
    for (index, value) in parameters.enumerated() { value.bind(to: prepared, at: Int32(index + 1)) }
    var rows: [[SQLValue]] = []
    while true {
      switch sqlite3_step(prepared) {
      case SQLITE_ROW:
        rows.append((0..<sqlite3_column_count(prepared)).map { SQLValue(prepared, column: $0) })
      case SQLITE_DONE:
        return rows
      default:
        throw failure(sql)
      }
    }
  }

  /// Rows changed by the last statement.
  var changes: Int { Int(sqlite3_changes(handle)) }

  /// Runs `body` in a transaction: all of it is durable when this returns, or none of it.
  func transaction<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try execute("BEGIN IMMEDIATE")
    do throws(StoreError) {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      _ = sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      throw error
    }
  }

  private func failure(_ sql: String) -> StoreError {
    StoreError(description: "\(String(cString: sqlite3_errmsg(handle))) in: \(sql)")
  }
}
