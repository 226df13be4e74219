import Foundation
import System
import TestSupport
import Testing

@Suite("System")
struct SystemTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("atomic writes replace, keep the mode and leave nothing behind")
  func atomic() throws {
    let path = folder.file("state")
    try File.writeAtomically(path, [1, 2, 3], mode: 0o600)
    #expect(try File.read(path, limit: 3) == [1, 2, 3])
    #expect(try File.status(path).permissions == 0o600)
    try File.writeAtomically(path, [])
    #expect(try File.read(path, limit: 0) == [])
    #expect(try Directory.list(folder.path) == ["state"])
    try Directory.create(folder.file("taken"))
    try folder.write("taken/inside", [1])
    #expect(throws: SystemError.self) { try File.writeAtomically(folder.file("taken"), [9]) }
    #expect(try Directory.list(folder.path) == ["state", "taken"])
    let absent = folder.file("none/state")
    #expect(throws: SystemError.failed(operation: .create, path: absent, code: 2)) {
      try File.writeAtomically(absent, [1])
    }
  }

  @Test("reading refuses what is too large, absent, a folder or a path with NUL")
  func reading() throws {
    let path = try folder.write("five", [1, 2, 3, 4, 5])
    #expect(throws: SystemError.tooLarge(path: path, size: 5, limit: 4)) {
      try File.read(path, limit: 4)
    }
    #expect(throws: SystemError.notRegular(path: folder.path)) {
      try File.read(folder.path, limit: 9)
    }
    #expect(throws: SystemError.failed(operation: .open, path: path + "\0", code: 22)) {
      try File.read(path + "\0", limit: 9)
    }
    do throws(SystemError) {
      _ = try File.read(folder.file("none"), limit: 9)
      Issue.record("an absent file was read")
    } catch {
      #expect(error.isNotFound)
      #expect(error.message.hasPrefix("cannot open "))
    }
  }

  @Test("a mapped file shows the content, an empty one nothing")
  func mapping() throws {
    let mapped = try MappedFile(try folder.write("m", [7, 8]))
    #expect(mapped.bytes.elementsEqual([7, 8]))
    #expect(try MappedFile(try folder.write("e", [])).bytes.isEmpty)
    #expect(throws: SystemError.self) { try MappedFile(folder.file("m"), limit: 1) }
  }

  @Test("open files append, write in place, truncate")
  func openFiles() throws {
    let path = folder.file("log")
    let log = try OpenFile(path, .append)
    try log.write([1, 2])
    try log.write([3])
    try log.sync()
    let file = try OpenFile(path, .readWrite)
    try file.write([9], at: 1)
    #expect(try file.read(count: 10, at: 0) == [1, 9, 3])
    #expect(try file.read(count: 10, at: 3) == [])
    try file.truncate(to: 1)
    #expect(try file.status().size == 1)
    #expect(throws: SystemError.failed(operation: .create, path: path, code: 17)) {
      try OpenFile(path, .createExclusive)
    }
    #expect(throws: SystemError.self) { try File.create(path, [1]) }
    #expect(try File.read(path, limit: 9) == [1])
  }

  @Test("a lock is exclusive until released")
  func locking() throws {
    let path = folder.file("lock")
    var lock: FileLock? = try FileLock(path)
    #expect(throws: SystemError.locked(path: path)) { try FileLock(path) }
    _ = lock
    lock = nil
    #expect(throws: Never.self) { try FileLock(path) }
  }

  @Test("folders: order, parents, trees, links not followed")
  func folders() throws {
    try Directory.create(folder.file("a/b/c"), parents: true)
    try Directory.create(folder.file("a/b/c"), parents: true)
    #expect(throws: SystemError.self) { try Directory.create(folder.file("a")) }
    try folder.write("a/z", [1])
    try folder.write("keep", [1])
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("a/link"), withDestinationPath: folder.path)
    #expect(try Directory.list(folder.file("a")) == ["b", "link", "z"])
    try Directory.removeTree(folder.file("a"))
    #expect(try Directory.list(folder.path) == ["keep"])
    #expect(try Directory.freeBytes(folder.path) > 0)
  }

  @Test("paths")
  func paths() {
    #expect(Path.parent("a") == ".")
    #expect(Path.parent("/a") == "/")
    #expect(Path.parent("x/a/") == "x")
    #expect(Path.name("x/a/") == "a")
    #expect(Path.name("a") == "a")
    #expect(Path.join("x", "a") == "x/a")
    #expect(Path.join("x/", "a") == "x/a")
    #expect(Path.join("", "a") == "a")
  }

  @Test("clocks go forward, random bytes differ, numbers parse whole or not at all")
  func process() throws {
    let start = Clock.monotonicNanoseconds
    Clock.sleep(nanoseconds: 1_000_000)
    #expect(Clock.monotonicNanoseconds - start >= 1_000_000)
    #expect(abs(Clock.wallSeconds - Int64(Date().timeIntervalSince1970)) <= 1)
    #expect(try Random.bytes(16) != Random.bytes(16))
    #expect(CurrentProcess.environment("PATH") != nil)
    #expect(CurrentProcess.environment("SWIFTLET_NEVER_SET") == nil)
    #expect(CurrentProcess.peakResidentBytes > 1 << 20)
    #expect(!CurrentProcess.isEmulated)
    #expect(Number.double("1e-3") == 0.001)
    for bad in ["", "1x", "1\0", "e"] { #expect(Number.double(bad) == nil) }
  }
}
