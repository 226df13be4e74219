import Arrays
import CommandLineKit
import DeviceCommands
import Foundation
import HostArrays
import Sealing

/// What the host adds to the device verbs: every kind of array file, and a development key.
enum HostEnvironment {
  static let environment = CommandEnvironment(
    readArray: { (argument) throws(CommandFailure) in try array(argument) },
    developmentKeys: { developmentKey().map { [$0.publicKey] } ?? [] })

  /// An array of `FILE.npy`, `FILE.npz[:NAME]` or `FILE.csv`.
  static func array(_ argument: String) throws(CommandFailure) -> NumericArray {
    do throws(ArrayFileError) {
      return try ArrayFile.read(argument)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// Arrays given by a repeated option, `NAME=FILE` or in the order of the inputs.
  static func arrays(_ arguments: [String]) throws(CommandFailure) -> [NumericArray] {
    var arrays: [NumericArray] = []
    for argument in arguments { arrays.append(try array(argument)) }
    return arrays
  }

  /// Where this user's development key lies.
  static var developmentKeyPath: String {
    let environment = ProcessInfo.processInfo.environment
    let base =
      environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
      ?? (environment["HOME"] ?? "/root") + "/.config"
    return base + "/swiftlet/development.key"
  }

  /// The development key, if there is one.
  static func developmentKey() -> Ed25519KeyPair? {
    do {
      try Crypto.initialize()
      let bytes = try Data(contentsOf: URL(fileURLWithPath: developmentKeyPath))
      return try KeyFile.parseSecret(Array(bytes))
    } catch {
      return nil
    }
  }

  /// The development key, made on first use.
  static func makeDevelopmentKey() throws(CommandFailure) -> Ed25519KeyPair {
    if let key = developmentKey() { return key }
    let folder = URL(fileURLWithPath: developmentKeyPath).deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw CommandFailure(.failed, "cannot make \(folder.path) for the development key")
    }
    let key = try Keys.generate()
    try Files.write(developmentKeyPath, KeyFile.printSecret(key), mode: KeyFile.secretMode)
    return key
  }
}

/// Key files in the words of the command line.
enum Keys {
  static func generate() throws(CommandFailure) -> Ed25519KeyPair {
    do throws(SealingError) {
      return try Ed25519KeyPair.generate()
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  static func secret(_ path: String) throws(CommandFailure) -> Ed25519KeyPair {
    try BundleLoading.initializeCrypto()
    let bytes = try Files.read(path, limit: KeyFile.sizeLimit)
    do throws(SealingError) {
      return try KeyFile.parseSecret(bytes)
    } catch {
      throw CommandFailure(.failed, "\(path): \(error.message)")
    }
  }
}
