public import CommandLineKit
import Installing

/// `promote --root DIR`: the staged candidate becomes active.
public enum PromoteCommand {
  /// The command.
  public static var command: Command {
    SwitchCommand.make(
      name: "promote", summary: "activate the staged candidate; what was active is kept"
    ) { (root, model) throws(InstallError) in try root.promote(model: model) }
  }
}

/// `rollback --root DIR`: the kept previous release becomes active again.
public enum RollbackCommand {
  /// The command.
  public static var command: Command {
    SwitchCommand.make(
      name: "rollback", summary: "return to the previous release; older ones stay refused"
    ) { (root, model) throws(InstallError) in try root.rollback(model: model) }
  }
}

/// What both have in common: one model of one root, one rename.
enum SwitchCommand {
  static func make(
    name: String, summary: String,
    change: @escaping @Sendable (DeviceRoot, String) throws(InstallError) -> InstalledRelease
  ) -> Command {
    let spec = CommandSpec(
      name: name, summary: summary, options: [RootAccess.option, RootAccess.modelOption])
    return Command(spec) { (parsed, console) throws(CommandFailure) in
      let root = try RootAccess.open(parsed)
      let model = try RootAccess.modelName(parsed, in: root)
      let release = try RootAccess.running { () throws(InstallError) in try change(root, model) }
      console.out(
        "\(console.good("active"))  \(model) \(release.version) (sequence \(release.sequence))")
    }
  }
}
