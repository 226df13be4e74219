import BundleFormat
import Sealing
import System
import Wire

/// Objects: files named by the SHA-256 of their content. They are never changed, only made and
/// removed.
extension ModelStore {
  /// Largest object that is read into memory, bytes: a signed manifest, vectors or statistics.
  static var objectLimit: Int { 256 << 20 }

  /// Stores bytes under their digest; an intact object of it is kept, a damaged one replaced.
  func writeObject(_ bytes: UnsafeRawBufferPointer) throws(InstallError) -> [UInt8] {
    let digest = SHA256.digest(bytes)
    let path = layout.object(digest)
    if isIntact(digest) { return digest }
    try Self.attempt { () throws(SystemError) in try files.replace(path, bytes) }
    return digest
  }

  func writeObject(_ bytes: [UInt8]) throws(InstallError) -> [UInt8] {
    try bytes.withUnsafeBufferPointer { (buffer) throws(InstallError) in
      try writeObject(UnsafeRawBufferPointer(buffer))
    }
  }

  /// The content of an object, or nil if it is missing or damaged.
  func readObject(_ digest: [UInt8]) -> [UInt8]? {
    do throws(SystemError) {
      let bytes = try files.read(layout.object(digest), limit: Self.objectLimit)
      return SHA256.digest(bytes) == digest ? bytes : nil
    } catch {
      return nil
    }
  }

  /// An object mapped, or nil if it is missing or damaged. What was checked is what is used.
  func mapObject(_ digest: [UInt8]) -> MappedFile? {
    do throws(SystemError) {
      let file = try files.map(layout.object(digest))
      return SHA256.digest(file.bytes) == digest ? file : nil
    } catch {
      return nil
    }
  }

  func isIntact(_ digest: [UInt8]) -> Bool { mapObject(digest) != nil }

  /// What is wrong with the objects of a release; nil when all are intact.
  func damage(to release: InstalledRelease) -> String? {
    if !isIntact(release.image) { return "the prepared image is damaged or missing" }
    if !isIntact(release.manifest) { return "the signed manifest is damaged or missing" }
    if !isIntact(release.golden) { return "the golden vectors are damaged or missing" }
    if let reference = release.reference, !isIntact(reference) {
      return "the reference statistics are damaged or missing"
    }
    return nil
  }

  /// Removes what no record names and what cut-short writes left. It needs the lock. A failure
  /// leaves more for the next time, nothing else: no record changes here.
  func collectGarbage() {
    do throws(InstallError) {
      var kept: [String] = []
      for name in try modelNames() {
        // A record that cannot be read may name anything: then nothing is removed.
        guard let state = try readState(name) else { continue }
        for digest in state.objects { kept.append(Hex.encode(digest)) }
      }
      let objects = try list(layout.objects)
      for name in objects where !kept.contains(name) {
        try remove(Path.join(layout.objects, name))
      }
      for folder in [layout.path, layout.trust] { try removeTemporaries(in: folder) }
      for name in try list(layout.models) where Manifest.isName(name) {
        try removeTemporaries(in: layout.model(name))
      }
    } catch {
      return
    }
  }

  private func removeTemporaries(in folder: String) throws(InstallError) {
    for name in try list(folder) where RootLayout.isTemporary(name) {
      try remove(Path.join(folder, name))
    }
  }

  private func list(_ folder: String) throws(InstallError) -> [String] {
    try Self.attempt { () throws(SystemError) in try files.list(folder) }
  }

  private func remove(_ path: String) throws(InstallError) {
    try Self.attempt { () throws(SystemError) in try files.remove(path) }
  }
}
