import BundleFormat
import Bundling
import CommandLineKit
import DeviceCommands
import Foundation

/// `delta OLD NEW -o OUT.swd`.
enum DeltaCommand {
  static let command = Command(
    CommandSpec(
      name: "delta",
      summary: "write what leads from one bundle to another, for devices that have it",
      discussion:
        "Both bundles must be intact; the new one is signed already, and stays so: a device verifies what the delta makes as if it had come whole. Where a delta would be no smaller, the new bundle itself is written.",
      arguments: [
        ArgumentSpec("OLD", "the bundle that devices have"),
        ArgumentSpec("NEW", "the bundle that they shall have"),
      ],
      options: [.value("output", short: "o", "FILE", "the delta, .swd", required: true)],
      examples: [
        ExampleSpec("delta digits-1.swb digits-2.swb -o digits-1-2.swd", "on the host"),
        ExampleSpec(
          "install --root /data/models --base digits-1.swb digits-1-2.swd", "on the device"),
      ])
  ) { (parsed, console) throws(CommandFailure) in
    let output = try parsed.required("--output")
    let old = try BundleLoading.intact(parsed.positional(0) ?? "")
    let path = parsed.positional(1) ?? ""
    let new = try BundleLoading.intact(path)
    guard old.manifest.name == new.manifest.name else {
      throw CommandFailure(
        .failed, "\(old.manifest.name) and \(new.manifest.name) are two models",
        hint: "a delta leads from one release of a model to another")
    }
    let whole = try Files.read(path, limit: BundleLimits.fileBytes)
    let delta = try HostEnvironment.packing { () throws(PackError) in
      try DeltaWriter(from: old, to: new).write()
    }
    let versions = "\(old.manifest.version) → \(new.manifest.version)"
    guard delta.bytes.count < whole.count else {
      try Files.write(output, whole)
      console.out(
        "\(new.manifest.name) \(versions)  \(Quantity.bytes(whole.count)): the whole bundle, a delta would take \(Quantity.bytes(delta.bytes.count))"
      )
      return
    }
    try Files.write(output, delta.bytes)
    console.out(
      "\(console.bold("\(new.manifest.name) \(versions)"))  \(Quantity.bytes(delta.bytes.count)), \(percent(delta.bytes.count, of: whole.count)) of the bundle's \(Quantity.bytes(whole.count))"
    )
    console.out(
      "weights  \(Quantity.bytes(delta.weightsBytes)), \(percent(delta.weightsBytes, of: delta.wholeWeightsBytes)) of what zstd makes of them: \(Quantity.bytes(delta.copiedBytes)) copied, \(Quantity.bytes(delta.residualBytes)) as differences, \(Quantity.bytes(delta.verbatimBytes)) as they are"
    )
  }

  private static func percent(_ part: Int, of whole: Int) -> String {
    String(format: "%.1f %%", 100 * Double(part) / Double(max(whole, 1)))
  }
}
