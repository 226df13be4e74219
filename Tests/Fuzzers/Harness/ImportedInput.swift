import Foundation
import Importers
import ModelGraph

/// What a fuzzer shows an importer: any bytes must import or be refused with one line, and without
/// a trap.
package enum ImportedInput {
  /// The format whose importer is meant.
  package enum Format {
    case onnx, tflite
  }

  /// Imports `bytes` as `format`. A TFLite file needs its identifier to be read at all: it is put
  /// in, so that no time goes into finding it; for ONNX it is taken away.
  package static func show(_ bytes: UnsafeRawBufferPointer, as format: Format) {
    var bytes = [UInt8](bytes)
    if bytes.count >= 8 {
      let identifier = Array("TFL3".utf8)
      switch format {
      case .tflite: bytes.replaceSubrange(4..<8, with: identifier)
      case .onnx where bytes[4..<8].elementsEqual(identifier): bytes[4] = 0
      case .onnx: break
      }
    }
    do throws(GraphError) {
      let graph = try ModelImporter.load(bytes: bytes, name: "fuzz")
      precondition(!graph.nodes.isEmpty, "an empty graph was accepted")
    } catch {
      precondition(!"\(error)".isEmpty)
    }
  }

  /// Shows every file named on the command line, as libFuzzer does: for seeing what a file that it
  /// found does, in a build without it.
  package static func replay(_ format: Format) {
    for path in CommandLine.arguments.dropFirst() {
      guard let data = FileManager.default.contents(atPath: path) else {
        print("\(path): cannot be read")
        exit(1)
      }
      data.withUnsafeBytes { show($0, as: format) }
      print("\(path): no crash")
    }
  }
}

#if FUZZER
  /// What libFuzzer calls with each input.
  package typealias FuzzTarget = @convention(c) (UnsafePointer<UInt8>, Int) -> CInt

  /// Runs libFuzzer with the program's arguments. SwiftPM names the entry point of an executable
  /// itself, so that libFuzzer's own `main` is not it.
  package func runFuzzer(_ target: FuzzTarget) -> CInt {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    return runDriver(&count, &arguments, target)
  }

  /// libFuzzer as a library (FuzzerInterface.h).
  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ target: FuzzTarget
  ) -> CInt
#endif
