import BundleFormat
import CommandLineKit
import FleetStore
import System

/// `publish`: makes releases known.
enum PublishCommand {
  static let command = Command(
    CommandSpec(
      name: "publish", summary: "make a release known, so that its telemetry counts",
      arguments: [ArgumentSpec("BUNDLE", "a signed bundle", repeatable: true)],
      options: [StoreAccess.option],
      examples: [ExampleSpec("publish --store fleet digits.swb", "prints the release's identity")]),
    run: run)

  private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    let store = try StoreAccess.open(arguments)
    for path in arguments.positionals {
      let bytes = try StoreAccess.file { () throws(SystemError) in
        try File.read(path, limit: StoreAccess.fileLimit)
      }
      let outcome: PublishOutcome
      do throws(PublishError) {
        outcome = try store.publish(bytes, now: Clock.wallSeconds)
      } catch {
        if case .store = error { throw CommandFailure(.failed, error.message) }
        throw CommandFailure(.untrusted, "\(path): \(error.message)")
      }
      for key in outcome.pinned {
        console.warn("key \(key) is trusted from now on, because it signed the first bundle")
      }
      if outcome.wasPublished { console.note("\(path) was published before") }
      if outcome.release.reference == nil {
        console.warn("\(path) has no telemetry contract: its releases cannot be judged")
      }
      let manifest = outcome.release.manifest
      console.out("\(outcome.release.hex) \(manifest.name) \(manifest.version)")
    }
  }
}
