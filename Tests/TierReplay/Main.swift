import DeviceRuntime
import Kernels
import PlanFormat
import System
import Wire

/// Replays the property tests' cases on every tier of the CPU it runs on, under an emulator as a rule:
/// the outputs must be the scalar kernels' of the host that recorded them.
enum TierReplay {
  /// One recorded case (CaseLog): everything as it was given to the session.
  struct Case {
    let plan: [UInt8]
    let weights: [UInt8]
    let inputs: [UInt8]
    let output: [UInt8]

    init(_ reader: inout ByteReader) throws(WireError) {
      plan = try reader.array(Int(try reader.u32()))
      weights = try reader.array(Int(try reader.u32()))
      inputs = try reader.array(Int(try reader.u32()))
      output = try reader.array(Int(try reader.u32()))
    }

    /// What a tier computes, and by which kernel; nil for the scalar one.
    func run(on tier: KernelTier) throws(RuntimeError) -> (isEqual: Bool, kernel: String?) {
      let session = try Session(plan: plan, weights: weights, tier: tier)
      var first = 0
      for position in 0..<session.plan.inputs.count {
        let input = session.input(position)
        for index in 0..<input.count { input[index] = inputs[first + index] }
        first += input.count
      }
      session.run()
      let output = session.output(0)
      var isEqual = output.count == self.output.count
      for index in 0..<output.count where isEqual { isEqual = output[index] == self.output[index] }
      let kernel = session.kernels[0]
      return (isEqual, kernel.utf8.elementsEqual(scalarName(session)) ? nil : kernel)
    }

    private func scalarName(_ session: Session) -> String.UTF8View {
      "\(session.plan.instructions[0].operation.family)-scalar".utf8
    }
  }

  /// - Returns: the exit status: 1 if a tier differs anywhere, 2 if the file cannot be read.
  static func main(_ arguments: [String]) -> Int32 {
    guard arguments.count == 1 else { return fail("usage: TierReplay CASES") }
    do throws(SystemError) {
      let file = try MappedFile(arguments[0])
      var isEqual = true
      for tier in KernelTier.available where !replay(file.bytes, on: tier) { isEqual = false }
      return isEqual ? 0 : 1
    } catch {
      return fail(error.message)
    }
  }

  private static func replay(_ bytes: UnsafeRawBufferPointer, on tier: KernelTier) -> Bool {
    var reader = ByteReader(bytes)
    var (cases, fast, wrong) = (0, 0, 0)
    var counts: [(kernel: String, cases: Int)] = []
    while !reader.isAtEnd {
      guard let recorded = try? Case(&reader) else {
        say("case \(cases): the file is cut off")
        return false
      }
      let result = try? recorded.run(on: tier)
      if result?.isEqual != true {
        wrong += 1
        say("\(tier.name): case \(cases) differs, by \(result?.kernel ?? "the scalar kernel")")
      }
      if let kernel = result?.kernel {
        fast += 1
        let known = counts.firstIndex { $0.kernel.utf8.elementsEqual(kernel.utf8) }
        if let known { counts[known].cases += 1 } else { counts.append((kernel, 1)) }
      }
      cases += 1
    }
    say("\(tier.name): \(cases) cases, \(fast) by its own kernels, \(wrong) differ")
    for count in counts { say("  \(count.kernel) \(count.cases)") }
    return wrong == 0 && cases > 0
  }

  private static func say(_ line: String) { try? Standard.out.write(Array("\(line)\n".utf8)) }

  private static func fail(_ message: String) -> Int32 {
    say("swiftlet: error: \(message)")
    return 2
  }
}

#if hasFeature(Embedded)
  /// The linker takes this as `main`: Embedded Swift has no `CommandLine`.
  @_cdecl("TierReplay_main")
  func deviceMain(
    _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  ) -> Int32 {
    var words: [String] = []
    for index in 1..<max(Int(count), 1) {
      if let word = arguments[index] { words.append(String(cString: word)) }
    }
    return TierReplay.main(words)
  }
#else
  @main
  struct Main {
    static func main() {
      CurrentProcess.exit(TierReplay.main(Array(CommandLine.arguments.dropFirst())))
    }
  }
#endif
