public import Arrays
import Foundation
import System

/// Files of arrays: .npy, .npz and .csv, told apart by their content (CSV: by its name).
public enum ArrayFile {
  /// The largest file read unless told otherwise, bytes.
  public static let sizeLimit = 2 << 30

  /// Reads one array. `argument` is a path, or `PATH.npz:NAME`.
  public static func read(
    _ argument: String, limit: Int = sizeLimit
  ) throws(ArrayFileError) -> NumericArray {
    let (path, name) = split(argument)
    return try read(path, name: name, limit: limit)
  }

  /// Reads the array `name` of an archive, or the only one; of a .csv, all columns as float32.
  public static func read(
    _ path: String, name: String?, limit: Int = sizeLimit
  ) throws(ArrayFileError) -> NumericArray {
    if isTable(path) { return try CSVTable(path: path, limit: limit).array() }
    let bytes = try load(path, limit)
    if Npy.isNpy(bytes) {
      do throws(ArrayError) { return try Npy.read(bytes) } catch {
        throw ArrayFileError.array(error, path: path)
      }
    }
    if Npz.isNpz(bytes) {
      let archive = try Npz(bytes, path: path, limit: limit)
      if let name { return try archive.array(name) }
      guard archive.names.count == 1, let only = archive.names.first else {
        throw ArrayFileError.nameNeeded(names: archive.names, path: path)
      }
      return try archive.array(only)
    }
    throw ArrayFileError.unknownKind(path: path)
  }

  /// The names of the arrays in an archive; one empty name for a .npy or .csv file.
  public static func names(
    _ path: String, limit: Int = sizeLimit
  ) throws(ArrayFileError) -> [String] {
    let bytes = try load(path, limit)
    return Npz.isNpz(bytes) ? try Npz(bytes, path: path, limit: limit).names : [""]
  }

  /// True for a file whose name says that it is a table.
  public static func isTable(_ path: String) -> Bool { path.lowercased().hasSuffix(".csv") }

  /// Takes `PATH.npz:NAME` apart.
  public static func split(_ argument: String) -> (path: String, name: String?) {
    guard let range = argument.range(of: ".npz:", options: .backwards) else {
      return (argument, nil)
    }
    let name = argument[range.upperBound...]
    return (String(argument[..<range.lowerBound]) + ".npz", name.isEmpty ? nil : String(name))
  }

  private static func load(_ path: String, _ limit: Int) throws(ArrayFileError) -> [UInt8] {
    do throws(SystemError) {
      return try File.read(path, limit: limit)
    } catch {
      throw ArrayFileError.system(error)
    }
  }
}
