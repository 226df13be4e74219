import CommandLineKit
import DeviceCommands
import System

@main
struct Main {
  static func main() {
    let program = Program(
      name: "swiftlet",
      summary: "pack trained models into signed bundles, run them, and know how they fare",
      version: DeviceProgram.version,
      commands: [
        KeygenCommand.command, PackCommand.command, SignCommand.command, DeltaCommand.command,
        InspectCommand.command, EvalCommand.command, CompareCommand.command,
        RunModelCommand.command,
      ]
        + DeviceProgram.commands(HostEnvironment.environment).filter { $0.spec.name != "run" }
        + [DriftCommand.command, TargetsCommand.command, FleetCommand.command])
    CurrentProcess.exit(program.run(arguments: Array(CommandLine.arguments.dropFirst())))
  }
}
