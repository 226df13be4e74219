import Foundation
import Synchronization
import Wire

/// Every case a sketch runs, with the scalar kernels' output, in the file that SWIFTLET_CASES names:
/// Tests/TierReplay runs them on CPUs that this host only emulates.
enum CaseLog {
  private static let file = Mutex<FileHandle?>(
    ProcessInfo.processInfo.environment["SWIFTLET_CASES"].flatMap { path in
      FileManager.default.createFile(atPath: path, contents: nil)
        ? FileHandle(forWritingAtPath: path) : nil
    })

  static func add(plan: [UInt8], weights: [UInt8], inputs: [UInt8], output: [UInt8]) {
    file.withLock { file in
      guard let file else { return }
      var writer = ByteWriter()
      for part in [plan, weights, inputs, output] {
        writer.u32(UInt32(part.count))
        writer.append(part)
      }
      file.write(Data(writer.bytes))
    }
  }
}
