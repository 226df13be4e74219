import FuzzHarness

// `make fuzz` builds with FUZZER set: libFuzzer brings its own `main`.
#if FUZZER
  /// The function libFuzzer calls.
  @_cdecl("LLVMFuzzerTestOneInput")
  public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    ImportedInput.show(UnsafeRawBufferPointer(start: start, count: count), as: .onnx)
    return 0
  }
#else
  @main enum Main {
    static func main() { ImportedInput.replay(.onnx) }
  }
#endif
