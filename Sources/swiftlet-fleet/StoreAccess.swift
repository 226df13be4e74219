import CommandLineKit
import FleetStore
import System

/// What every command shares: `--store`, and failures as exit codes.
enum StoreAccess {
  static let option = OptionSpec.value("store", "DIR", "the fleet's folder", required: true)
  static let json = OptionSpec.flag("json", "print JSON")

  /// Largest bundle or batch read, bytes.
  static let fileLimit = 1 << 30

  static func open(_ arguments: ParsedArguments) throws(CommandFailure) -> FleetStore {
    let path = try arguments.required("--store")
    return try stored { () throws(StoreError) in try FleetStore(path: path) }
  }

  static func stored<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(CommandFailure) -> Result {
    do throws(StoreError) {
      return try body()
    } catch {
      throw CommandFailure(.failed, error.description)
    }
  }

  static func file<Result>(
    _ body: () throws(SystemError) -> Result
  ) throws(CommandFailure) -> Result {
    do throws(SystemError) {
      return try body()
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  static func release(
    _ prefix: String, in store: FleetStore
  ) throws(CommandFailure) -> PublishedRelease {
    let found = try stored { () throws(StoreError) in try store.release(prefix: prefix) }
    guard let found else {
      throw CommandFailure(
        .failed, "no release, or more than one, begins with '\(prefix)'",
        hint: "fleet report lists the releases; give 4 or more of the hexadecimal digits")
    }
    return found
  }
}
