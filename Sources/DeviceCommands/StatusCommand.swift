public import CommandLineKit
import Installing
import JSON
import Wire

/// `status --root DIR [--json]`.
public enum StatusCommand {
  /// The command.
  public static var command: Command {
    let spec = CommandSpec(
      name: "status", summary: "show what is installed, and why anything was turned back",
      options: [RootAccess.option, .flag("json", "one JSON document")])
    return Command(spec) { (parsed, console) throws(CommandFailure) in
      let root = try RootAccess.open(parsed)
      let models = try RootAccess.running { () throws(InstallError) in try root.status() }
      if parsed.flag("--json") {
        printJSON(models, console)
      } else {
        if models.isEmpty { console.out("no model is installed") }
        for model in models { print(model, console) }
      }
    }
  }

  private static func print(_ model: ModelStatus, _ console: Console) {
    console.out(console.bold(model.name))
    for (role, release) in roles(model.state) {
      console.out(
        "  \(role)  \(release.version) (sequence \(release.sequence))  release \(RootAccess.short(release.release))  peak \(Quantity.bytes(Int(clamping: release.peakBytes)))"
      )
    }
    if let event = model.state.lastReturn {
      console.out("  turned back from \(RootAccess.short(event.release)): \(event.reason)")
    }
    if let problem = model.problem { console.out("  problem: \(problem)") }
  }

  private static func roles(_ state: ModelState) -> [(String, InstalledRelease)] {
    var roles: [(String, InstalledRelease)] = []
    if let release = state.active { roles.append(("active   ", release)) }
    if let release = state.candidate { roles.append(("candidate", release)) }
    if let release = state.previous { roles.append(("previous ", release)) }
    if let release = state.recovery { roles.append(("recovery ", release)) }
    return roles
  }

  private static func printJSON(_ models: [ModelStatus], _ console: Console) {
    var writer = JSONWriter(indented: true)
    writer.beginObject()
    writer.member("schema", "swiftlet.status/1")
    writer.name("models")
    writer.beginArray()
    for model in models {
      writer.beginObject()
      writer.member("name", model.name)
      writer.name("floor")
      writer.unsigned(model.state.floor)
      for (role, release) in roles(model.state) {
        writer.name(String(decoding: role.utf8.filter { $0 != 0x20 }, as: UTF8.self))
        writer.beginObject()
        writer.member("version", release.version)
        writer.name("sequence")
        writer.unsigned(release.sequence)
        writer.member("release", Hex.encode(release.release))
        writer.name("peak_bytes")
        writer.unsigned(release.peakBytes)
        writer.endObject()
      }
      if let event = model.state.lastReturn {
        writer.member("turned_back_from", Hex.encode(event.release))
        writer.member("reason", event.reason)
      }
      if let problem = model.problem { writer.member("problem", problem) }
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    console.out(writer.string)
  }
}
