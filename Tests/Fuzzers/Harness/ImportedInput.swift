import Foundation
import Importers
import ModelGraph
import Wire

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

  /// A model drawn from a seed.
  package static func random(_ format: Format, seed: UInt64) -> [UInt8] {
    switch format {
    case .onnx: RandomONNXModel.bytes(seed: seed)
    case .tflite: RandomTFLiteModel.bytes(seed: seed)
    }
  }

  /// `--seeds FOLDER COUNT`: writes that many drawn models there. False for another command line.
  package static func writesSeeds(_ format: Format) -> Bool {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, arguments[1] == "--seeds", let count = UInt64(arguments[3]) else {
      return false
    }
    for seed in 0..<count {
      let path = "\(arguments[2])/seed-\(seed)"
      guard
        FileManager.default.createFile(
          atPath: path, contents: Data(random(format, seed: seed)))
      else {
        print("\(path): cannot be written")
        exit(1)
      }
    }
    return true
  }

  /// Shows every file named on the command line, as libFuzzer does: for seeing what a file that it
  /// found does, in a build without it.
  package static func replay(_ format: Format) {
    if writesSeeds(format) { return }
    for path in CommandLine.arguments.dropFirst() {
      guard let data = FileManager.default.contents(atPath: path) else {
        print("\(path): cannot be read")
        exit(1)
      }
      data.withUnsafeBytes { show($0, as: format) }
      print("\(path): no crash")
      fflush(nil)
    }
  }
}

#if FUZZER
  /// Changes an input for libFuzzer: half of the time as it would itself.
  ///
  /// - Returns: the new size, at most `limit`.
  package func mutate(
    _ start: UnsafeMutablePointer<UInt8>, _ count: Int, limit: Int, seed: UInt32,
    as format: ImportedInput.Format
  ) -> Int {
    guard seed % 2 == 0 else { return mutateBytes(start, count, limit) }
    var random = SplitMix64(seed: UInt64(seed))
    let old = Array(UnsafeBufferPointer(start: start, count: count))
    let new = StructuredMutation.changed(old, format, &random)
    guard new != old, !new.isEmpty, new.count <= limit else {
      return mutateBytes(start, count, limit)
    }
    start.update(from: new, count: new.count)
    return new.count
  }

  /// libFuzzer's own changes.
  @_silgen_name("LLVMFuzzerMutate")
  private func mutateBytes(_ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int

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
