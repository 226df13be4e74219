import BundleFormat
import CommandLineKit
import DeviceRuntime

/// A model ready to run, from a bundle or from a device root; the latter records telemetry.
struct RunnableModel {
  let manifest: Manifest
  let session: Session

  init(manifest: Manifest, session: Session) {
    self.manifest = manifest
    self.session = session
  }

  /// The interface of the main plan.
  var plan: PlanEntry { manifest.plans[0] }

  static func installed(root: String, name: String?) throws(CommandFailure) -> RunnableModel {
    throw CommandFailure(.failed, "pending")
  }

  func record(latencyNanoseconds: UInt64) throws(CommandFailure) {}
  func finish() throws(CommandFailure) {}
}
