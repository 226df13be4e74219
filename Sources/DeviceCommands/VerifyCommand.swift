import BundleFormat
public import CommandLineKit
import Wire

/// `verify --trust PUB BUNDLE`.
public enum VerifyCommand {
  /// The command in an environment.
  public static func make(_ environment: CommandEnvironment) -> Command {
    let spec = CommandSpec(
      name: "verify", summary: "check a bundle: signatures, digests, sizes, and who signed",
      arguments: [ArgumentSpec("BUNDLE", "the bundle")], options: BundleLoading.options,
      examples: [ExampleSpec("verify --trust author.key.pub digits.swb", "exit 10 unless intact")])
    return Command(spec) { (parsed, console) throws(CommandFailure) in
      let path = parsed.positional(0) ?? ""
      let bundle = try BundleLoading.open(path, parsed, environment)
      let manifest = bundle.manifest
      let kind = manifest.isDevelopment ? ", development" : ""
      console.out(
        "\(console.good("intact"))  \(manifest.name) \(manifest.version) (sequence \(manifest.sequence)\(kind))"
      )
      console.out("release \(Hex.encode(bundle.release))")
      for signer in bundle.trustedSigners { console.out("signed by \(signer)") }
    }
  }
}
