import CommandLineKit
import DeviceCommands

#if hasFeature(Embedded)
  /// The linker takes this as `main`: Embedded Swift has no `CommandLine`.
  @_cdecl("swiftletd_main")
  func deviceMain(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  ) -> Int32 {
    var words: [String] = []
    for index in 1..<max(Int(count), 1) {
      if let word = arguments[index] { words.append(String(cString: word)) }
    }
    return DeviceProgram.device.run(arguments: words)
  }
#else
  import System

  @main
  struct Main {
    static func main() {
      let words = Array(CommandLine.arguments.dropFirst())
      CurrentProcess.exit(DeviceProgram.device.run(arguments: words))
    }
  }
#endif
