import CommandLineKit
import FleetStore
import JSON

/// `devices`: lists, approves, revokes.
enum DevicesCommand {
  static let command = Command(
    CommandSpec(
      name: "devices", summary: "list devices, approve or revoke them",
      discussion: "What a device sends is kept from the first batch on, and counts in verdicts "
        + "once the device is approved.",
      options: [
        StoreAccess.option,
        .value("approve", "ID|all", "let a device, or every pending one, count", repeatable: true),
        .value("revoke", "ID|all", "refuse a device from now on", repeatable: true),
        StoreAccess.json,
      ],
      examples: [
        ExampleSpec("devices --store fleet", "who reported"),
        ExampleSpec("devices --store fleet --approve 3fa2", "by the beginning of its name"),
      ]), run: run)

  private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    let store = try StoreAccess.open(arguments)
    var changed = 0
    for name in arguments.values("--approve") {
      changed += try StoreAccess.stored { () throws(StoreError) in try store.approve(name).count }
    }
    for name in arguments.values("--revoke") {
      changed += try StoreAccess.stored { () throws(StoreError) in try store.revoke(name).count }
    }
    if arguments.flag("--approve") || arguments.flag("--revoke") {
      console.note("\(changed) changed")
    }
    let devices = try StoreAccess.stored { () throws(StoreError) in try store.devices() }
    if arguments.flag("--json") {
      console.write(json(devices) + [0x0a])
      return
    }
    for device in devices {
      let remarks =
        (device.missing > 0 ? ", \(device.missing) missing" : "")
        + (device.isCloned ? ", cloned key" : "")
      console.out("\(device.hex)  \(device.state.text)  \(device.windows) windows\(remarks)")
    }
    if devices.isEmpty { console.note("no device has reported yet") }
  }

  private static func json(_ devices: [FleetDevice]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    for device in devices {
      writer.beginObject()
      writer.member("device", device.hex)
      writer.member("state", device.state.text)
      writer.member("cloned", device.isCloned)
      writer.member("windows", device.windows)
      writer.member("missing", device.missing)
      writer.member("firstSeen", Int(device.firstSeen))
      writer.member("lastSeen", Int(device.lastSeen))
      writer.endObject()
    }
    writer.endArray()
    return writer.bytes
  }
}
