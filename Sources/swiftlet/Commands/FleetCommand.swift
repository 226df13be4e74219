import CommandLineKit
import Foundation
import System

/// `fleet …`: runs `swiftlet-fleet`, so that packing links no server library.
enum FleetCommand {
  static let command = Command(
    CommandSpec(
      name: "fleet", summary: "the server side: init, publish, serve, devices, ingest, report",
      passesThrough: true)
  ) { (parsed, _) throws(CommandFailure) in
    let program = "swiftlet-fleet"
    guard let executable = locate(program) else {
      throw CommandFailure(
        .failed, "\(program) is not installed beside swiftlet", hint: "swift build -c release")
    }
    let arguments = [program] + parsed.positionals
    var pointers = arguments.map { strdup($0) } + [nil]
    execv(executable, &pointers)
    throw CommandFailure(.failed, "cannot run \(executable): \(String(cString: strerror(errno)))")
  }

  /// The executable beside this one.
  private static func locate(_ program: String) -> String? {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let path = own.deletingLastPathComponent().appendingPathComponent(program).path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }
}
