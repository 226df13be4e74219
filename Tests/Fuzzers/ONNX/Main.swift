import Foundation
import FuzzHarness

// `make fuzz` builds with FUZZER set.
#if FUZZER
  /// The function libFuzzer calls, under the name that its library refers to.
  @_cdecl("LLVMFuzzerTestOneInput")
  func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    ImportedInput.show(UnsafeRawBufferPointer(start: start, count: count), as: .onnx)
    return 0
  }

  /// The function libFuzzer changes inputs with.
  @_cdecl("LLVMFuzzerCustomMutator")
  func mutateInput(
    _ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32
  ) -> Int {
    mutate(start, count, limit: limit, seed: seed, as: .onnx)
  }

  @main enum Main {
    static func main() { if !ImportedInput.writesSeeds(.onnx) { exit(runFuzzer(fuzz)) } }
  }
#else
  @main enum Main {
    static func main() { ImportedInput.replay(.onnx) }
  }
#endif
