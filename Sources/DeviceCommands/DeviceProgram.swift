public import CommandLineKit

/// The device verbs, for `swiftletd` and `swiftlet` alike.
public enum DeviceProgram {
  /// Version of both programs.
  public static let version = "0.1.0"

  /// Every verb in an environment, in the order help lists them.
  public static func commands(_ environment: CommandEnvironment) -> [Command] {
    [
      VerifyCommand.make(environment), RunCommand.make(environment),
      BenchCommand.make(environment), InitCommand.command, InstallCommand.command,
      StatusCommand.command, PromoteCommand.command, RollbackCommand.command,
      UploadCommand.command,
    ]
  }

  /// `swiftletd`.
  public static var device: Program {
    Program(
      name: "swiftletd", summary: "run signed model bundles on this device", version: version,
      commands: commands(.device))
  }
}
