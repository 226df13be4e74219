import BundleFormat
public import CommandLineKit
import Installing
import System

/// `install --root DIR BUNDLE`.
public enum InstallCommand {
  /// The command.
  public static var command: Command {
    let spec = CommandSpec(
      name: "install", summary: "verify, prepare, prove and activate a bundle",
      discussion:
        "The bundle is verified, its weights are packed for this CPU, its golden vectors run on the result, and only then it becomes the active release, by one rename. Whatever fails, the release that was active stays.",
      arguments: [ArgumentSpec("BUNDLE", "the bundle")],
      options: [
        RootAccess.option,
        .flag("stage", "stop before activating; promote does that"),
        .flag("allow-development", "accept a trusted development signature, this once"),
      ])
    return Command(spec) { (parsed, console) throws(CommandFailure) in
      let root = try RootAccess.open(parsed)
      let bytes = try Files.read(parsed.positional(0) ?? "", limit: BundleLimits.fileBytes)
      let (stage, development) = (parsed.flag("--stage"), parsed.flag("--allow-development"))
      let report = try RootAccess.running { () throws(InstallError) in
        try root.install(bundle: bytes, stage: stage, allowDevelopment: development)
      }
      let name = "\(report.model) \(report.version) (sequence \(report.sequence))"
      if report.wasAlreadyInstalled {
        console.out("\(name) is installed already")
      } else {
        console.out(
          "\(console.good(report.isStaged ? "staged" : "active"))  \(name)  \(report.vectorsRun) golden vectors equal, image \(Quantity.bytes(Int(report.imageBytes)))"
        )
      }
    }
  }
}
