import CommandLineKit
import System

@main
struct Main {
  static func main() {
    let program = Program(
      name: "swiftlet-fleet",
      summary: "collect telemetry of a fleet and tell whether its data drifted",
      version: "0.1.0",
      commands: [
        InitCommand.command, PublishCommand.command, ServeCommand.command, DevicesCommand.command,
        IngestCommand.command, ReportCommand.command, ExportCommand.command,
      ])
    CurrentProcess.exit(program.run(arguments: Array(CommandLine.arguments.dropFirst())))
  }
}
