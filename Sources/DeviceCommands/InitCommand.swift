public import CommandLineKit
import Installing
import Sealing
import Wire

/// `init --root DIR --trust PUB`.
public enum InitCommand {
  /// The command.
  public static var command: Command {
    let spec = CommandSpec(
      name: "init", summary: "make a device root: what it trusts, and a key of its own",
      options: [
        RootAccess.option,
        .value(
          "trust", "PUB", "public key of an author whose bundles may be installed",
          repeatable: true, required: true),
        .flag("allow-development", "accept development keys on this device"),
        .value("memory-limit", "BYTES", "all active models together may hold this much"),
        BundleLoading.preferenceOption,
      ])
    return Command(spec) { (parsed, console) throws(CommandFailure) in
      try BundleLoading.initializeCrypto()
      var keys: [[UInt8]] = []
      for file in parsed.values("--trust") { keys.append(try BundleLoading.publicKey(file)) }
      let path = try parsed.required("--root")
      let policy = RootPolicy(
        allowsDevelopment: parsed.flag("--allow-development"),
        memoryLimit: try parsed.integer("--memory-limit", in: 1...Int64.max).map { UInt64($0) },
        preference: try BundleLoading.preference(parsed))
      let root = try RootAccess.running { () throws(InstallError) in
        try DeviceRoot.initialise(path: path, trust: keys, policy: policy)
      }
      console.out("device \(Hex.encode(SHA256.digest(root.deviceKey.publicKey)))")
      console.note("root \(path) trusts \(keys.count) \(keys.count == 1 ? "author" : "authors")")
    }
  }
}
