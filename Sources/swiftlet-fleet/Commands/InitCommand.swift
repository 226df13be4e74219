import CommandLineKit
import FleetStore
import Sealing
import System

/// `init`: makes a store.
enum InitCommand {
  static let command = Command(
    CommandSpec(
      name: "init", summary: "make a fleet store, or trust further keys",
      discussion: "Only bundles signed by a trusted key can be published. Without --trust, the "
        + "signers of the first bundle published are pinned.",
      options: [
        StoreAccess.option,
        .value("trust", "KEY.pub", "a public key whose bundles may be published", repeatable: true),
      ],
      examples: [ExampleSpec("init --store fleet --trust release.pub", "a store for one signer")]),
    run: run)

  private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    var keys: [[UInt8]] = []
    for path in arguments.values("--trust") {
      let bytes = try StoreAccess.file { () throws(SystemError) in
        try File.read(path, limit: KeyFile.sizeLimit)
      }
      do throws(SealingError) {
        keys.append(try KeyFile.parsePublic(bytes))
      } catch {
        throw CommandFailure(.usage, "\(path): \(error.message)")
      }
    }
    let path = try arguments.required("--store")
    let store = try StoreAccess.stored { () throws(StoreError) in
      try FleetStore.create(path: path, trust: keys)
    }
    let trusted = try StoreAccess.stored { () throws(StoreError) in try store.trustedKeys() }
    console.note(
      trusted.isEmpty
        ? "the signers of the first bundle published will be trusted; --trust names them instead"
        : "\(trusted.count) trusted \(trusted.count == 1 ? "key" : "keys")")
  }
}
