import BundleFormat
import Bundling
import CAllocationCounter
import DeltaCoding
import HostSealing
import Installing
import Sealing
import TestSupport
import Testing
import Wire

@Suite("deltas") struct DeltaTests {
  /// A release and one that follows: a table like it was, one a little different, one another.
  static func releases() throws -> (old: VerifiedBundle, new: VerifiedBundle) {
    let old = SampleRelease(["a", "b", "c", "d"])
    var new = SampleRelease(["a", "b", "c", "d"])
    new.sequence = 2
    for index in stride(from: 0, to: 256, by: 9) { new.tables[1].bytes[index] &+= 1 }
    new.tables[2].bytes = SampleRelease(["x"], seed: 99).tables[0].bytes
    return (try old.bundle(), try new.bundle())
  }

  static func apply(
    _ delta: [UInt8], to old: VerifiedBundle, trust: TrustPolicy = SampleRelease.trust
  ) throws -> VerifiedBundle {
    try RebuiltBundle.apply(delta, to: try DeltaBase(old), opener: SodiumZstd(), trust: trust)
  }

  @Test("a delta makes the new release, its every section, from the old one")
  func roundTrip() throws {
    let (old, new) = try Self.releases()
    let delta = try DeltaWriter(from: old, to: new).write()
    let made = try Self.apply(delta.bytes, to: old)
    #expect(made.release == new.release)
    #expect(made.manifest == new.manifest)
    for kind in [Section.Kind.plan, .weights, .golden] {
      #expect(try made.section(kind) == new.section(kind))
    }
    #expect(delta.copiedBytes == 512)
    #expect(delta.residualBytes == 256)
    #expect(delta.verbatimBytes == 256)
  }

  @Test("a table that moved is found by what it holds; unchanged ones cost nothing")
  func movedTables() throws {
    let old = try SampleRelease(["a", "b", "c", "d"]).bundle()
    var turned = SampleRelease(["a", "b", "c", "d"])
    turned.sequence = 2
    turned.tables = turned.tables.reversed().map { ("new \($0.name)", $0.bytes) }
    let delta = try DeltaWriter(from: old, to: try turned.bundle()).write()
    #expect(delta.copiedBytes == 1024)
    #expect(try Self.apply(delta.bytes, to: old).manifest.sequence == 2)
    var same = SampleRelease(["a", "b", "c", "d"])
    same.sequence = 2
    let small = try DeltaWriter(from: old, to: try same.bundle()).write()
    #expect(small.weightsBytes == 0)
    #expect(small.bytes.count < 512)
  }

  @Test("every byte flipped, and every shorter file, is refused")
  func damage() throws {
    let (old, new) = try Self.releases()
    let delta = try DeltaWriter(from: old, to: new).write().bytes
    for position in delta.indices {
      for bit: UInt8 in [1, 0x80] {
        var damaged = delta
        damaged[position] ^= bit
        #expect(throws: DeltaError.self, "byte \(position)") {
          try Self.apply(damaged, to: old)
        }
      }
      #expect(throws: DeltaError.self) { try Self.apply(Array(delta[..<position]), to: old) }
    }
    #expect(throws: DeltaError.self) { try Self.apply(delta + [0], to: old) }
  }

  @Test("with its checksum made right, a changed byte gives the signed release or nothing")
  func forgedDamage() throws {
    let (old, new) = try Self.releases()
    let delta = try DeltaWriter(from: old, to: new).write().bytes
    var refused = 0
    for position in delta.indices where !(20..<24).contains(position) {
      var forged = delta
      forged[position] ^= 0x11
      forged = Self.withChecksum(forged)
      do {
        // Some bits of a zstd frame mean nothing.
        #expect(try Self.apply(forged, to: old).release == new.release)
      } catch is DeltaError {
        refused += 1
      }
    }
    #expect(refused > delta.count * 9 / 10)
  }

  @Test("another base, author, kind of key or version is refused, and says so")
  func refusals() throws {
    let (old, new) = try Self.releases()
    let delta = try DeltaWriter(from: old, to: new).write().bytes
    #expect(throws: DeltaError.otherBase(needed: old.release)) { try Self.apply(delta, to: new) }
    let stranger = TrustPolicy(keys: [SampleRelease.key(9).publicKey])
    #expect(throws: DeltaError.self) { try Self.apply(delta, to: old, trust: stranger) }
    var development = SampleRelease(["a", "b", "c", "d"])
    development.isDevelopment = true
    let other = try DeltaWriter(from: old, to: try development.bundle()).write().bytes
    #expect(throws: DeltaError.bundle(.development)) { try Self.apply(other, to: old) }
    var later = delta
    later[4] = 2
    #expect(throws: DeltaError.version(2)) { try Self.apply(Self.withChecksum(later), to: old) }
    #expect(throws: DeltaError.notADelta) { try Self.apply(Array("SWB1".utf8), to: old) }
  }

  /// A delta whose frame holds the new head, then `content`.
  static func crafted(
    _ content: [UInt8], _ old: VerifiedBundle, _ new: VerifiedBundle, windowLog: Int32 = 20
  ) throws -> [UInt8] {
    let head = try new.head()
    let frame = try ZstdEncoder.compress(
      head + content, prefix: try DeltaBase(old).prefix, windowLog: windowLog)
    return DeltaFormat.file(base: old.release, headBytes: head.count, frame: frame)
  }

  /// The same file with the checksum it should have.
  static func withChecksum(_ delta: [UInt8]) -> [UInt8] {
    guard delta.count > DeltaFormat.headerBytes else { return delta }
    var writer = ByteWriter()
    writer.append(delta)
    var checksum = CRC32C()
    checksum.update(Array(delta[..<20]))
    checksum.update(Array(delta[24...]))
    writer.patch(u32: checksum.value, at: 20)
    return writer.bytes
  }

  @Test("pieces that lie are refused")
  func hostilePieces() throws {
    let (old, new) = try Self.releases()
    let plan = try new.section(.plan)
    let golden = try new.section(.golden)
    let weights = try new.section(.weights)
    func piece(_ kind: UInt8, _ length: UInt32, _ offset: UInt32? = nil, _ bytes: [UInt8] = [])
      -> [UInt8]
    {
      var writer = ByteWriter()
      writer.u8(kind)
      writer.u32(length)
      if let offset { writer.u32(offset) }
      writer.append(bytes)
      return writer.bytes
    }
    let before = [0] + plan + [0] + golden
    func made(_ content: [UInt8]) throws -> VerifiedBundle {
      try Self.apply(try Self.crafted(content, old, new), to: old)
    }
    #expect(try made(before + [0] + weights).release == new.release)
    #expect(try made(before + [1] + piece(0, 1024, nil, weights)).release == new.release)
    let lies: [(String, [UInt8])] = [
      ("no length", [1] + piece(0, 0)),
      ("too long", [1] + piece(0, 1025, nil, weights + [0])),
      ("beyond the base", [1] + piece(1, 1024, 1)),
      ("far beyond the base", [1] + piece(1, 1024, .max)),
      ("a residual beyond the base", [1] + piece(2, 4, 1021, [0, 0, 0, 0])),
      ("the length of all memory", [1] + piece(2, .max, 0)),
      ("an unknown piece", [1] + piece(3, 1024, 0)),
      ("an unknown section", [3] + weights),
      ("the same, which it is not", [2]),
      ("other content", [0] + weights.reversed()),
      ("too few bytes", [0] + weights.dropLast()),
      ("too many bytes", [0] + weights + [0]),
      ("nothing", []),
    ]
    for (name, lie) in lies {
      #expect(throws: DeltaError.self, "\(name)") { try made(before + lie) }
    }
  }

  @Test("a frame that looks back further than a reader holds is refused before it is read")
  func window() throws {
    let (old, new) = try Self.releases()
    let content = [UInt8](repeating: 0, count: 3 << 20)
    let wide = try Self.crafted(content, old, new, windowLog: 23)
    #expect(throws: DeltaError.corrupt("its frame is damaged")) { try Self.apply(wide, to: old) }
    let narrow = try Self.crafted(content, old, new)
    #expect(throws: DeltaError.self) { try Self.apply(narrow, to: old) }
    #expect(throws: Never.self) {
      let plan = try new.section(.plan)
      let golden = try new.section(.golden)
      let weights = try new.section(.weights)
      let whole = [0] + plan + [0] + golden + [0] + weights
      _ = try Self.apply(try Self.crafted(whole, old, new), to: old)
    }
  }

  @Test("a root installs what a delta makes, as if it had come whole")
  func installs() throws {
    let (old, new) = try Self.releases()
    let delta = try DeltaWriter(from: old, to: new).write().bytes
    let folder = try TemporaryFolder()
    let root = try DeviceRoot.initialise(
      path: folder.file("root"), trust: [SampleRelease.key(3).publicKey])
    try root.install(bundle: try SampleRelease(["a", "b", "c", "d"]).bytes())
    #expect(throws: InstallError.delta(.otherBase(needed: old.release))) {
      try root.install(delta: delta, base: try DeltaBase(new))
    }
    #expect(try root.open().release == old.release)
    let report = try root.install(delta: delta, base: try DeltaBase(old))
    #expect(report.release == new.release && report.vectorsRun == 2)
    #expect(try root.open().release == new.release)
    // The old one again is a downgrade, also by a delta.
    let back = try DeltaWriter(from: new, to: old).write().bytes
    #expect(throws: InstallError.downgrade(model: "chain", offered: 1, floor: 2)) {
      try root.install(delta: back, base: try DeltaBase(new))
    }
  }

  /// Counts and digests, and keeps nothing.
  struct Meter: DeltaSink {
    var bytes = 0
    var largest = 0
    var hasher = SHA256Hasher()

    mutating func begin(_ section: Section, position: Int) { hasher = SHA256Hasher() }
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
      self.bytes += bytes.count
      largest = max(largest, bytes.count)
      hasher.update(bytes)
    }
  }

  @Test("memory does not grow with the model")
  func constantMemory() throws {
    func allocations(_ tables: Int) throws -> (count: UInt64, meter: Meter, new: VerifiedBundle) {
      let names = (0..<tables).map { "t\($0)" }
      let old = try SampleRelease(names).bundle()
      var next = SampleRelease(names)
      next.sequence = 2
      for table in next.tables.indices { next.tables[table].bytes[7] &+= 1 }
      let new = try next.bundle()
      let delta = try DeltaWriter(from: old, to: new).write().bytes
      let base = try DeltaBase(old)
      var meter = Meter()
      let reader = DeltaReader(opener: SodiumZstd(), trust: SampleRelease.trust)
      let start = swiftlet_test_allocation_count()
      _ = try delta.withUnsafeBytes { try reader.apply($0, to: base, into: &meter) }
      return (swiftlet_test_allocation_count() - start, meter, new)
    }
    let small = try allocations(4)
    let large = try allocations(1200)
    #expect(large.meter.bytes > 1200 * 256)
    #expect(large.meter.largest <= 1 << 16)
    #expect(large.meter.hasher.finish() == SHA256.digest(try large.new.section(.weights)))
    #expect(large.count <= small.count + 8)
  }
}
