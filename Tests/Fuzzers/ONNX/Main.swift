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

  @main enum Main {
    static func main() { if !ImportedInput.writesSeeds(.onnx) { exit(runFuzzer(fuzz)) } }
  }
#else
  @main enum Main {
    static func main() { ImportedInput.replay(.onnx) }
  }
#endif
