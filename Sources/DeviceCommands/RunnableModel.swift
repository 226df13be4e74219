import BundleFormat
import CommandLineKit
import DeviceRuntime
import DriftStatistics
import Installing
import PlanFormat
import System
import Telemetry

/// A model ready to run, from a bundle or from a device root; the latter records telemetry.
final class RunnableModel {
  let manifest: Manifest
  let session: Session
  private let recorder: Recorder?
  /// The mapped image the session reads from.
  private let image: MappedFile?

  init(manifest: Manifest, session: Session) {
    self.manifest = manifest
    self.session = session
    recorder = nil
    image = nil
  }

  private init(_ installed: InstalledModel, session: Session, recorder: Recorder?) {
    manifest = installed.manifest
    image = installed.image
    self.session = session
    self.recorder = recorder
  }

  /// The interface of the main plan.
  var plan: PlanEntry { manifest.plans[0] }

  /// The active release of a device root; without `recording` its telemetry stays as it is.
  static func installed(
    root path: String, _ parsed: ParsedArguments, recording: Bool = true
  ) throws(CommandFailure) -> RunnableModel {
    for option in ["--cpu-features", "--prefer"] where parsed.value(option) != nil {
      throw CommandFailure(
        .usage, "\(option) goes with a bundle: an installed model is packed for its kernels already"
      )
    }
    let root = try RootAccess.open(path: path)
    let name = try RootAccess.modelName(parsed, in: root)
    let installed = try RootAccess.running { () throws(InstallError) in
      try root.open(model: name)
    }
    let threads = try BundleLoading.threads(parsed)
    let session: Session
    do throws(RuntimeError) {
      session = try Session(
        image: installed.image.bytes, threads: threads)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    var recorder: Recorder?
    if recording, let contract = installed.manifest.telemetry {
      recorder = try makeRecorder(contract, installed, session, root: path)
    }
    return RunnableModel(installed, session: session, recorder: recorder)
  }

  private static func makeRecorder(
    _ contract: TelemetryContract, _ installed: InstalledModel, _ session: Session, root: String
  ) throws(CommandFailure) -> Recorder {
    let spool = try SpoolFolder.open(root: root, model: installed.manifest.name)
    let sources = session.plan.taps.map {
      let tensor = session.plan.tensors[$0.position]
      return TapSource(shape: tensor.shape, isWide: tensor.element == .int16)
    }
    return try RootAccess.telemetry { () throws(TelemetryError) in
      try Recorder(
        contract: contract, release: installed.release, sources: sources, spool: spool)
    }
  }

  /// Counts the inference that just ran.
  func record(latencyNanoseconds: UInt64) throws(CommandFailure) {
    guard let recorder else { return }
    let session = session
    _ = try RootAccess.telemetry { () throws(TelemetryError) in
      try recorder.record(latencyNanoseconds: latencyNanoseconds, now: Clock.wallSeconds) {
        source in
        session.tap(source)
      }
    }
  }

  /// Keeps the open window for the next process.
  func finish() throws(CommandFailure) {
    guard let recorder else { return }
    try RootAccess.telemetry { () throws(TelemetryError) in try recorder.close() }
  }
}

/// The spool of a model in a device root.
enum SpoolFolder {
  static func path(root: String, model: String) -> String {
    Path.join(Path.join(root, "spool"), model)
  }

  static func open(root: String, model: String) throws(CommandFailure) -> Spool {
    let path = path(root: root, model: model)
    do throws(SystemError) {
      try Directory.create(path, parents: true)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    return try RootAccess.telemetry { () throws(TelemetryError) in try Spool(path: path) }
  }
}
