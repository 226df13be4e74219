import Arrays
import Bundling
import CommandLineKit
import DeviceCommands
import Foundation
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
    let bytes = try Files.read(path, limit: bytesMax)
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    do throws(PackError) {
      return try reading.load(bytes, name: name, dataShapes: arrays.map(\.shape))
    } catch {
      throw CommandFailure(error.exitCode, "\(path): \(error.message)", hint: error.hint)
    }
  }

  /// True when a file begins as a bundle does.
  static func isBundle(_ path: String) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    return (try? file.read(upToCount: 4)) == Data("SWB1".utf8)
  }
}
