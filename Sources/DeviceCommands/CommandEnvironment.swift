public import Arrays
public import BundleFormat
public import CommandLineKit
import System

/// What the device verbs take from the program they run in: the host reads more kinds of files and
/// has a development key.
public struct CommandEnvironment: Sendable {
  /// Reads one array of a file named on the command line.
  public let readArray: @Sendable (String) throws(CommandFailure) -> NumericArray
  /// Reads what a bundle's inputs are given, of files named on the command line: an array per input.
  public let readInputs:
    @Sendable ([String], PlanEntry, Console) throws(CommandFailure) -> [NumericArray]
  /// Public keys trusted where `--trust` is not given: this user's development key, on the host.
  public let developmentKeys: @Sendable () -> [[UInt8]]

  /// Creates an environment.
  public init(
    readArray: @escaping @Sendable (String) throws(CommandFailure) -> NumericArray,
    readInputs:
      @escaping @Sendable ([String], PlanEntry, Console) throws(CommandFailure) ->
      [NumericArray],
    developmentKeys: @escaping @Sendable () -> [[UInt8]]
  ) {
    self.readArray = readArray
    self.readInputs = readInputs
    self.developmentKeys = developmentKeys
  }

  /// The device's: .npy files, no development key.
  public static var device: CommandEnvironment {
    CommandEnvironment(
      readArray: { (path) throws(CommandFailure) in try Files.npy(path) },
      readInputs: { (paths, _, _) throws(CommandFailure) in
        var arrays: [NumericArray] = []
        for path in paths { arrays.append(try Files.npy(path)) }
        return arrays
      }, developmentKeys: { [] })
  }
}

/// Files as commands read and write them: failures in the words of the command line.
public enum Files {
  /// The largest array file read on a device.
  static let arrayBytesMax = 1 << 30

  /// A whole file.
  public static func read(_ path: String, limit: Int) throws(CommandFailure) -> [UInt8] {
    do throws(SystemError) {
      return try File.read(path, limit: limit)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// Replaces a file whole, or leaves it as it was.
  public static func write(
    _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644
  ) throws(CommandFailure) {
    do throws(SystemError) {
      try File.writeAtomically(path, bytes, mode: mode)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// One .npy array.
  public static func npy(_ path: String) throws(CommandFailure) -> NumericArray {
    let bytes = try read(path, limit: arrayBytesMax)
    do throws(ArrayError) {
      return try Npy.read(bytes)
    } catch {
      throw CommandFailure(.failed, "\(path): \(error.message)")
    }
  }
}
