#if hasFeature(Embedded)
  @_cdecl("swiftletd_main")
  func deviceMain(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>)
    -> Int32
  { 0 }
#else
  @main
  struct Main {
    static func main() {}
  }
#endif
