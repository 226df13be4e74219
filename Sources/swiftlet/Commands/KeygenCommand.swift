import CommandLineKit
import DeviceCommands
import Sealing
import System
import Wire

/// `keygen -o KEY`.
enum KeygenCommand {
  static let command = Command(
    CommandSpec(
      name: "keygen", summary: "make an Ed25519 key pair for signing bundles",
      discussion: "Writes the secret key with mode 0600 and the public key beside it, .pub.",
      options: [
        .value("output", short: "o", "KEY", "the secret key's file", required: true),
        .flag("force", "replace an existing key"),
      ], examples: [ExampleSpec("keygen -o author.key", "author.key and author.key.pub")])
  ) { (parsed, console) throws(CommandFailure) in
    let path = try parsed.required("--output")
    if File.exists(path) && !parsed.flag("--force") {
      throw CommandFailure(
        .failed, "\(path) exists", hint: "another name, or --force to replace that key for good")
    }
    let key = try Keys.generate()
    try Files.write(path, KeyFile.printSecret(key), mode: KeyFile.secretMode)
    try Files.write("\(path).pub", KeyFile.printPublic(key.publicKey))
    console.out(Hex.encode(key.publicKey))
    console.note("key \(Hex.encode(key.keyIdentifier)): secret in \(path), public in \(path).pub")
  }
}
