import CommandLineKit
import Installing
import Telemetry
import Wire

/// A device root in the words of the command line.
enum RootAccess {
  /// Where models live unless told otherwise.
  static let option = OptionSpec.value("root", "DIR", "the device root", required: true)
  static let modelOption = OptionSpec.value("model", "NAME", "which model, if there are several")

  static func open(_ parsed: ParsedArguments) throws(CommandFailure) -> DeviceRoot {
    try open(path: try parsed.required("--root"))
  }

  static func open(path: String) throws(CommandFailure) -> DeviceRoot {
    try BundleLoading.initializeCrypto()
    return try running { () throws(InstallError) in try DeviceRoot(path: path) }
  }

  /// Runs a step of the transaction; its errors exit with their own codes.
  static func running<Result>(
    _ body: () throws(InstallError) -> Result
  ) throws(CommandFailure) -> Result {
    do throws(InstallError) {
      return try body()
    } catch {
      let code: ExitCode =
        error.isUntrusted
        ? .untrusted
        : error.isIncompatible ? .incompatible : error.isDeviceLimit ? .deviceLimit : .failed
      throw CommandFailure(code, error.message)
    }
  }

  /// Runs a step of telemetry.
  static func telemetry<Result>(
    _ body: () throws(TelemetryError) -> Result
  ) throws(CommandFailure) -> Result {
    do throws(TelemetryError) {
      return try body()
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// The model named, or the only one.
  static func modelName(
    _ parsed: ParsedArguments, in root: DeviceRoot
  ) throws(CommandFailure) -> String {
    let names = try running { () throws(InstallError) in try root.modelNames() }
    var list = ""
    for name in names { list += list.utf8.isEmpty ? name : ", \(name)" }
    if let asked = parsed.value("--model") {
      for name in names where name.utf8.elementsEqual(asked.utf8) { return name }
      throw CommandFailure(
        .failed, "no model \(asked) is installed here",
        hint: names.isEmpty ? "install one first" : "there is \(list)")
    }
    guard names.count == 1 else {
      throw CommandFailure(
        .usage, names.isEmpty ? "no model is installed" : "there are several models",
        hint: names.isEmpty ? "install one first" : "choose with --model: \(list)")
    }
    return names[0]
  }

  /// The first 16 hexadecimal digits of a release.
  static func short(_ release: [UInt8]) -> String { Hex.encode(Array(release.prefix(8))) }
}
