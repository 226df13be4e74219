import Arrays
import Bundling
import CommandLineKit
import DeviceCommands
import Foundation
import Importers
import ModelGraph

/// Model files on the command line.
enum ModelFile {
  private static let bytesMax = 512 << 20

  /// Imports a model file; dimensions that it leaves open are those of the `arrays` to be run.
  ///
  /// - Throws: exit 12 naming an operator that is not supported, 1 for a file that is no model.
  static func load(
    _ path: String, arrays: [NumericArray] = [], _ reading: ModelReading = ModelReading()
  ) throws(CommandFailure) -> Graph {
    try load(path, shapes: arrays.map(\.shape), reading)
  }

  /// Imports a model file; dimensions that it leaves open are those of `files`.
  static func load(
    _ path: String, files: [DataFile], _ reading: ModelReading
  ) throws(CommandFailure) -> Graph {
    let bytes = try Files.read(path, limit: bytesMax)
    return try load(path, shapes: DataInterface.shapes(of: files, model: bytes), reading)
  }

  private static func load(
    _ path: String, shapes: [[Int]], _ reading: ModelReading
  ) throws(CommandFailure) -> Graph {
    let (bytes, name) = try contents(path)
    do throws(PackError) {
      return try reading.load(bytes, name: name, dataShapes: shapes)
    } catch {
      throw refusal(error, path)
    }
  }

  /// Imports a model file and tells what became of its nodes.
  ///
  /// - Throws: as `load`.
  static func report(
    _ path: String, _ reading: ModelReading
  ) throws(CommandFailure) -> (graph: Graph, report: ImportReport) {
    let (bytes, name) = try contents(path)
    do throws(PackError) {
      return try reading.report(bytes, name: name)
    } catch {
      throw refusal(error, path)
    }
  }

  private static func contents(_ path: String) throws(CommandFailure) -> ([UInt8], String) {
    (
      try Files.read(path, limit: bytesMax),
      URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    )
  }

  private static func refusal(_ error: PackError, _ path: String) -> CommandFailure {
    CommandFailure(error.exitCode, "\(path): \(error.message)", hint: error.hint)
  }

  /// True when a file begins as a bundle does.
  static func isBundle(_ path: String) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    return (try? file.read(upToCount: 4)) == Data("SWB1".utf8)
  }
}
