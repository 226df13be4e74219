import CommandLineKit
import DeviceCommands
import DriftStatistics
import Foundation
import Sealing
import Telemetry

/// Batch files on disk, verified, without duplicates, in the order of their devices' sequences.
struct TelemetryFiles {
  private(set) var windows: [WindowCounts] = []
  /// Devices whose windows are among them.
  private(set) var devices = 0
  /// Windows of releases not asked for.
  private(set) var otherReleases = 0

  /// Reads files, and folders of `.batch` files.
  ///
  /// - Throws: exit 10 for a batch that is not what its device signed.
  static func load(
    _ paths: [String], release: [UInt8]
  ) throws(CommandFailure) -> TelemetryFiles {
    var records: [[UInt8]: [UInt64: WindowRecord]] = [:]
    for path in try files(paths) {
      let bytes = try Files.read(path, limit: Batch.byteLimit)
      do throws(TelemetryError) {
        let batch = try Batch.verify(bytes, with: SodiumVerifier())
        for record in batch.records {
          records[batch.deviceIdentifier, default: [:]][record.sequence] = record
        }
      } catch {
        throw CommandFailure(.untrusted, "\(path): \(error.message)")
      }
    }
    var loaded = TelemetryFiles()
    loaded.devices = records.count
    for device in records.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      let ordered = (records[device] ?? [:]).values.sorted { $0.sequence < $1.sequence }
      for record in ordered {
        if record.content.release == release {
          loaded.windows.append(record.content.counts)
        } else {
          loaded.otherReleases += 1
        }
      }
    }
    return loaded
  }

  private static func files(_ paths: [String]) throws(CommandFailure) -> [String] {
    var files: [String] = []
    for path in paths {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw CommandFailure(.failed, "there is no \(path)")
      }
      guard isFolder.boolValue else {
        files.append(path)
        continue
      }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      files += names.filter { $0.hasSuffix(".batch") }.sorted().map { "\(path)/\($0)" }
    }
    guard !files.isEmpty else {
      throw CommandFailure(
        .failed, "there are no batch files there", hint: "swiftletd upload --to DIR writes them")
    }
    return files
  }
}
