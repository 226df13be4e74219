import BundleFormat
public import CommandLineKit
import DeltaCoding
import Installing
import System

/// `install --root DIR BUNDLE|DELTA`.
public enum InstallCommand {
  /// The command.
  public static var command: Command {
    let spec = CommandSpec(
      name: "install", summary: "verify, prepare, prove and activate a bundle",
      discussion:
        "The bundle is verified, its weights are packed for this CPU, its golden vectors run on the result, and only then it becomes the active release, by one rename. Whatever fails, the release that was active stays.",
      arguments: [ArgumentSpec("BUNDLE", "the bundle, or a delta to it")],
      options: [
        RootAccess.option,
        .value("base", "BUNDLE", "the bundle that the delta was made for"),
        .flag("stage", "stop before activating; promote does that"),
        .flag("allow-development", "accept a trusted development signature, this once"),
      ])
    return Command(spec) { (parsed, console) throws(CommandFailure) in
      let root = try RootAccess.open(parsed)
      let bytes = try Files.read(parsed.positional(0) ?? "", limit: BundleLimits.fileBytes)
      let (stage, development) = (parsed.flag("--stage"), parsed.flag("--allow-development"))
      let base = try base(of: bytes, parsed)
      let report = try RootAccess.running { () throws(InstallError) in
        guard let base else {
          return try root.install(bundle: bytes, stage: stage, allowDevelopment: development)
        }
        return try root.install(
          delta: bytes, base: base, stage: stage, allowDevelopment: development)
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

  /// What a delta starts from; nil for a bundle. Whoever signed the base, what is made of it is
  /// verified.
  private static func base(
    of bytes: [UInt8], _ parsed: ParsedArguments
  ) throws(CommandFailure) -> DeltaBase? {
    let path = parsed.value("--base")
    guard DeltaFormat.isDelta(bytes) else {
      guard path == nil else { throw CommandFailure(.usage, "--base is for deltas only") }
      return nil
    }
    guard let path else {
      throw CommandFailure(
        .usage, "this is a delta: it needs the bundle it was made for",
        hint: "add --base BUNDLE, or install the whole bundle")
    }
    let bundle = try BundleLoading.intact(path)
    do throws(BundleError) {
      return try DeltaBase(bundle)
    } catch {
      throw CommandFailure(.untrusted, error.message)
    }
  }
}
