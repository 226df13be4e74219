import Sealing
import Synchronization
import System
import Wire

/// What a fleet sent and what it is held against, in a folder with one SQLite database. Safe to use
/// from several threads and from several processes at a time.
public final class FleetStore: Sendable {
  /// The folder.
  public let path: String
  /// Touched only while `lock` is held.
  nonisolated(unsafe) private let database: Database
  private let lock = Mutex(())
  let verdicts = Mutex<[[UInt8]: CachedVerdict]>([:])

  /// The database's file in the folder.
  public static let fileName = "fleet.db"

  /// Opens a store made by ``create(path:trust:)``.
  public convenience init(path: String) throws(StoreError) {
    guard File.exists(Path.join(path, Self.fileName)) else {
      throw StoreError(
        description: "there is no fleet store in \(path): make one with fleet init --store \(path)")
    }
    try self.init(folder: path)
  }

  private init(folder: String) throws(StoreError) {
    path = folder
    let opened = try Database(path: Path.join(folder, Self.fileName))
    try Schema.migrate(opened)
    database = opened
  }

  /// Makes a store, or adds trusted keys to an existing one.
  ///
  /// - Parameter trust: public keys, 32 bytes each, whose bundles may be published. Without any,
  ///   the signers of the first bundle published are pinned.
  public static func create(path: String, trust: [[UInt8]]) throws(StoreError) -> FleetStore {
    do throws(SystemError) {
      try Directory.create(path, mode: 0o750, parents: true)
    } catch {
      throw StoreError(description: error.message)
    }
    let store = try FleetStore(folder: path)
    try store.write { database throws(StoreError) in
      for key in trust { try Self.trust(key, origin: "init", in: database) }
    }
    return store
  }

  static func trust(_ key: [UInt8], origin: String, in database: Database) throws(StoreError) {
    try database.query("INSERT OR IGNORE INTO trust VALUES (?, ?)", [.blob(key), .text(origin)])
  }

  /// The trusted public keys.
  public func trustedKeys() throws(StoreError) -> [[UInt8]] {
    try read { database throws(StoreError) in
      try database.query("SELECT public_key FROM trust ORDER BY public_key").map { $0[0].blob }
    }
  }

  /// Runs `body` alone.
  func read<Result: Sendable>(
    _ body: (Database) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try lock.withLock { _ throws(StoreError) in try body(database) }
  }

  /// Runs `body` alone in one transaction that is on disk when this returns; whatever was derived
  /// from the store's content before is out of date then.
  func write<Result: Sendable>(
    _ body: (Database) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try lock.withLock { _ throws(StoreError) in
      try database.transaction { () throws(StoreError) in
        let result = try body(database)
        try Self.count("generation", 1, in: database)
        return result
      }
    }
  }

  static func count(_ name: String, _ amount: Int, in database: Database) throws(StoreError) {
    guard amount > 0 else { return }
    try database.query(
      """
      INSERT INTO counters VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET value = value + excluded.value
      """, [.text(name), .integer(Int64(amount))])
  }

  static func counter(_ name: String, in database: Database) throws(StoreError) -> Int {
    let rows = try database.query("SELECT value FROM counters WHERE name = ?", [.text(name)])
    return Int(rows.first?[0].integer ?? 0)
  }
}
