/// The database's tables, grown by steps that are never changed once released.
enum Schema {
  /// Step n brings a database of version n to version n + 1.
  static let steps = [first]

  /// The version this program writes.
  static var version: Int { steps.count }

  private static let first = """
    CREATE TABLE trust (
      public_key BLOB PRIMARY KEY,
      origin TEXT NOT NULL
    ) STRICT;
    CREATE TABLE releases (
      release BLOB PRIMARY KEY,
      name TEXT NOT NULL,
      version TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      manifest BLOB NOT NULL,
      reference BLOB,
      published INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE devices (
      device BLOB PRIMARY KEY,
      public_key BLOB NOT NULL,
      state INTEGER NOT NULL,
      cloned INTEGER NOT NULL DEFAULT 0,
      first_seen INTEGER NOT NULL,
      last_seen INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE records (
      device BLOB NOT NULL REFERENCES devices (device),
      sequence INTEGER NOT NULL,
      hash BLOB NOT NULL,
      previous BLOB NOT NULL,
      release BLOB NOT NULL REFERENCES releases (release),
      start INTEGER NOT NULL,
      items INTEGER NOT NULL,
      received INTEGER NOT NULL,
      content BLOB NOT NULL,
      PRIMARY KEY (device, sequence)
    ) STRICT;
    CREATE INDEX records_of_release ON records (release, device, sequence);
    CREATE TABLE forks (
      device BLOB NOT NULL REFERENCES devices (device),
      sequence INTEGER NOT NULL,
      hash BLOB NOT NULL,
      received INTEGER NOT NULL,
      content BLOB NOT NULL,
      PRIMARY KEY (device, sequence, hash)
    ) STRICT;
    CREATE TABLE counters (
      name TEXT PRIMARY KEY,
      value INTEGER NOT NULL
    ) STRICT;
    """

  /// Brings a database to the current version, each step in a transaction of its own.
  static func migrate(_ database: Database) throws(StoreError) {
    try database.execute(
      "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL)"
    )
    let rows = try database.query("SELECT coalesce(max(version), 0) FROM migrations")
    let present = Int(rows[0][0].integer)
    guard present <= version else {
      throw StoreError(
        description: "the store has schema \(present), this program knows \(version): update it")
    }
    for step in present..<version {
      try database.transaction { () throws(StoreError) in
        try database.execute(steps[step])
        try database.query(
          "INSERT INTO migrations VALUES (?, unixepoch())", [.integer(Int64(step + 1))])
      }
    }
  }
}
