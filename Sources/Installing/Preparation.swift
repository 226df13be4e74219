import BundleFormat
import DeviceRuntime
import Kernels
import PlanFormat

/// A bundle made ready for this CPU, in memory: nothing of it is on the device yet.
struct Preparation {
  let image: AlignedImage
  let golden: [UInt8]
  let reference: [UInt8]?
  let arenaBytes: UInt64
  let peakBytes: UInt64
  private let session: Session

  /// Packs the weights, for the kernels that the device prefers, and checks that the manifest describes the plan.
  init(
    _ bundle: VerifiedBundle, preferring preference: KernelPreference
  ) throws(InstallError) {
    guard bundle.manifest.plans.count == 1 else {
      throw .unsupported("it has \(bundle.manifest.plans.count) plans, this program runs one")
    }
    let entry = bundle.manifest.plans[0]
    let (plan, weights, golden) = try bundleParts { () throws(BundleError) in
      (
        try bundle.section(.plan, plan: entry.name),
        try bundle.section(.weights, plan: entry.name),
        try bundle.section(.golden, plan: entry.name)
      )
    }
    self.golden = golden
    reference =
      bundle.has(.reference)
      ? try bundleParts { () throws(BundleError) in
        try bundle.section(.reference, plan: entry.name)
      } : nil
    do throws(RuntimeError) {
      image = AlignedImage(
        try PreparedImage.build(
          plan: plan, weights: weights, tier: .best, preferring: preference))
      session = try Session(image: image.bytes)
    } catch {
      throw .runtime(error)
    }
    arenaBytes = UInt64(session.plan.arenaBytes)
    peakBytes = UInt64(session.figures.residentBytes)
    if let tap = session.plan.unreadableTap {
      throw .unsupported("telemetry taps \(tap.name), which is not int8 or int16")
    }
    try Self.check(entry.inputs, session.plan.inputs, session.plan, "inputs")
    try Self.check(entry.outputs, session.plan.outputs, session.plan, "outputs")
  }

  /// A port that is not its tensor would have callers read past it.
  private static func check(
    _ ports: [Port], _ tensors: [TensorIndex], _ plan: Plan, _ what: String
  ) throws(InstallError) {
    guard ports.count == tensors.count else {
      throw .inconsistent("the manifest lists \(ports.count) \(what), the plan \(tensors.count)")
    }
    for (port, index) in zip(ports, tensors) {
      var elements: UInt64 = 1
      for size in port.shape {
        elements = elements.multipliedReportingOverflow(by: size).partialValue
      }
      let tensor = plan.tensors[index.position]
      let size = port.ranks.isEmpty ? elements : UInt64(port.ranks.count)
      guard size == UInt64(tensor.elementCount) else {
        throw .inconsistent("\(port.name) has another size in the manifest than in the plan")
      }
      guard port.element.utf8.elementsEqual(tensor.element.name.utf8) else {
        throw .inconsistent("\(port.name) has another element in the manifest than in the plan")
      }
    }
  }

  /// Runs the golden vectors; how many there were.
  ///
  /// - Throws: `InstallError.vectors` at the first difference, or when there are none to run.
  func runVectors() throws(InstallError) -> Int {
    try Self.runVectors(golden, on: session)
  }

  static func runVectors(_ golden: [UInt8], on session: Session) throws(InstallError) -> Int {
    let count: Int
    do throws(RuntimeError) {
      let vectors = try GoldenVectors(decoding: golden)
      try vectors.check(session)
      count = vectors.vectors.count
    } catch {
      throw .vectors(error)
    }
    guard count > 0 else { throw .inconsistent("it has no golden vector to prove itself with") }
    return count
  }
}

/// A prepared image in memory, at the alignment a map would give it.
final class AlignedImage {
  let bytes: UnsafeRawBufferPointer

  init(_ image: [UInt8]) {
    let copy = UnsafeMutableRawPointer.allocate(byteCount: image.count, alignment: 64)
    copy.copyMemory(from: image, byteCount: image.count)
    bytes = UnsafeRawBufferPointer(start: copy, count: image.count)
  }

  deinit { bytes.deallocate() }
}
