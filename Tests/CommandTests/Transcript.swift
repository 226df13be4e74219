import Foundation
import TestSupport

/// A script of commands and what each is expected to say.
///
///     # comment
///     $ swiftlet verify digits.swb
///     | a line of standard output
///     ! a line of standard error
///     = 10        the exit code, where it is not 0
struct Transcript {
  /// One command with what it says.
  struct Step: Equatable {
    /// Comments and blank lines above the command.
    var preamble: [String] = []
    var command = ""
    var result: [String] = []
  }

  private(set) var steps: [Step] = []
  private var ending: [String] = []

  /// Reads a transcript.
  init(_ text: String) {
    var preamble: [String] = []
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    for line in lines {
      if line.hasPrefix("$ ") {
        steps.append(Step(preamble: preamble, command: String(line.dropFirst(2))))
        preamble = []
      } else if !steps.isEmpty, preamble.isEmpty, let first = line.first, "|!=".contains(first) {
        steps[steps.count - 1].result.append(line)
      } else {
        preamble.append(line)
      }
    }
    ending = preamble
  }

  /// The transcript with other results.
  func text(results: [[String]]) -> String {
    var lines: [String] = []
    for (step, result) in zip(steps, results) {
      lines += step.preamble + ["$ \(step.command)"] + result
    }
    return (lines + ending).map { $0 + "\n" }.joined()
  }
}

extension Tool.Outcome {
  /// What a command said, in the form of a transcript.
  func lines(folder: String) -> [String] {
    Self.marked("|", text, folder) + Self.marked("!", errorText, folder)
      + (code == 0 ? [] : ["= \(code)"])
  }

  private static func marked(_ mark: String, _ text: String, _ folder: String) -> [String] {
    guard !text.isEmpty else { return [] }
    var lines = placeholders(text.replacingOccurrences(of: folder, with: "FOLDER"))
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    // A last line without its newline is an error worth seeing.
    if lines.last == "" { lines.removeLast() } else { lines[lines.count - 1] += "<no newline>" }
    return lines.map { $0.isEmpty ? mark : "\(mark) \($0)" }
  }

  /// What differs between runs and machines: digests that hold a tool's or library's version,
  /// random keys, times, and sizes of what was packed for the CPU at hand. Digests of outputs stay.
  private static func placeholders(_ text: String) -> String {
    let rules: [(pattern: String, template: String)] = [
      (#"\b[0-9a-f]{64}\b"#, "<digest>"),
      (#"\b(release|from) [0-9a-f]{16}\b"#, "$1 <digest>"),
      (#"\b[0-9]+(\.[0-9]+)? (ns|µs|ms|s)\b"#, "<time>"),
      (#"("[a-z_]*_ns[a-z_0-9]*"|"runs"): ([0-9]+|null)"#, "$1: <number>"),
      (#"\b[0-9]+ runs\b"#, "<number> runs"),
      (#"×[0-9.]+ \([0-9.]+ to [0-9.]+\), [a-z0-9-]+ kernels"#, "×<ratio>, <kernels>"),
      (#"("ratio[a-z_]*"): [0-9.]+"#, "$1: <number>"),
      (#"("latency": \{\s+"kernels"): "[a-z0-9-]+""#, #"$1: "<kernels>""#),
      (#"\b(image|peak|resident|scratch) [0-9.]+ (B|KiB|MiB)"#, "$1 <size>"),
      (#"("(peak|resident|scratch|process_peak)_bytes"): [0-9]+"#, "$1: <number>"),
      (#"\.tmp-[0-9a-f]{12}\b"#, ".tmp-<random>"),
      (#"\blibzstd [0-9.]+"#, "libzstd <version>"),
    ]
    return rules.reduce(text) { text, rule in
      text.replacingOccurrences(
        of: rule.pattern, with: rule.template, options: .regularExpression)
    }
  }
}
