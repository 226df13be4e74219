import Arrays
import BundleFormat
import Bundling
import CommandLineKit
import DeviceCommands
import Foundation
import HostArrays
import Sealing

/// What the host adds to the device verbs: every kind of array file, and a development key.
enum HostEnvironment {
  static let environment = CommandEnvironment(
    readArray: { (argument) throws(CommandFailure) in try array(argument) },
    readInputs: { (arguments, plan, console) throws(CommandFailure) in
      let dataset = try dataset(arguments, DataInterface(plan), readsTargets: false)
      for note in dataset.notes { console.note(note) }
      return dataset.arrays
    },
    developmentKeys: { developmentKey().map { [$0.publicKey] } ?? [] })

  /// An array of `FILE.npy`, `FILE.npz[:NAME]` or `FILE.csv`.
  static func array(_ argument: String) throws(CommandFailure) -> NumericArray {
    do throws(ArrayFileError) {
      return try ArrayFile.read(argument)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// Data given by a repeated option: arrays, tables, sound.
  static func files(_ arguments: [String]) throws(CommandFailure) -> [DataFile] {
    var files: [DataFile] = []
    for argument in arguments {
      do throws(ArrayFileError) {
        files.append(try DataFile(argument))
      } catch {
        throw CommandFailure(.failed, error.message)
      }
    }
    return files
  }

  /// The same as a model takes it.
  static func dataset(
    _ arguments: [String], _ interface: DataInterface, readsTargets: Bool = true
  ) throws(CommandFailure) -> Dataset {
    let files = try files(arguments)
    return try packing { () throws(PackError) in
      try DataReader(interface, readsTargets: readsTargets).read(files)
    }
  }

  /// Runs what fails as packing does.
  static func packing<Result>(
    _ body: () throws(PackError) -> Result
  ) throws(CommandFailure) -> Result {
    do throws(PackError) {
      return try body()
    } catch {
      throw CommandFailure(error.exitCode, error.message, hint: error.hint)
    }
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
