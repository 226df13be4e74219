public import System

/// Where a command speaks: results on standard output, everything else on standard error.
public final class Console {
  /// The program's name, which begins every error.
  public let program: String
  /// Results and errors only.
  public internal(set) var isQuiet: Bool
  /// True when standard output shows colours.
  public let hasColor: Bool
  private let showsProgress: Bool
  private var progressIsShown = false
  /// The first error of writing results, such as a full disk.
  public private(set) var outputError: SystemError?

  /// A console for `program`; colours only on a terminal and without `NO_COLOR`.
  public init(program: String, quiet: Bool = false) {
    self.program = program
    isQuiet = quiet
    let noColor = CurrentProcess.environment("NO_COLOR") ?? ""
    hasColor = noColor.utf8.isEmpty && Standard.out.isTerminal
    showsProgress = Standard.err.isTerminal
  }

  /// A result: one line on standard output.
  public func out(_ line: String) { write(line + "\n") }

  /// A result, as it is.
  public func write(_ text: String) { write(Array(text.utf8)) }

  /// A result, as it is.
  public func write(_ bytes: [UInt8]) {
    clearProgress()
    guard outputError == nil else { return }
    do throws(SystemError) {
      try Standard.out.write(bytes)
    } catch {
      outputError = error
    }
  }

  /// Something the person may want to know; not when quiet.
  public func note(_ message: String) {
    if !isQuiet { line(message) }
  }

  /// Something the person should know, though the work goes on; also when quiet.
  public func warn(_ message: String) { line("\(program): warning: \(message)") }

  /// What went wrong, and what to do.
  public func error(_ message: String, hint: String? = nil) {
    line("\(program): error: \(message)")
    if let hint { line("hint: \(hint)") }
  }

  /// Replaces the progress line; only a person at a terminal sees it.
  public func progress(_ text: String) {
    guard showsProgress, !isQuiet else { return }
    writeError("\r\u{1b}[K" + text)
    progressIsShown = true
  }

  /// Removes the progress line.
  public func clearProgress() {
    guard progressIsShown else { return }
    progressIsShown = false
    writeError("\r\u{1b}[K")
  }

  /// `text` in bold, where colours are shown.
  public func bold(_ text: String) -> String { styled(text, "1") }
  /// `text` in green, where colours are shown.
  public func good(_ text: String) -> String { styled(text, "32") }
  /// `text` in red, where colours are shown.
  public func bad(_ text: String) -> String { styled(text, "31") }
  /// `text` dimmed, where colours are shown.
  public func dim(_ text: String) -> String { styled(text, "2") }

  private func styled(_ text: String, _ code: String) -> String {
    hasColor ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }

  /// One line, whatever names from a file it quotes: controls are shown as `?`, a text without end is
  /// cut.
  private func line(_ text: String) {
    clearProgress()
    writeError(Text.line(text, limit: 2000) + "\n")
  }

  /// A message nobody can receive has nowhere to be reported.
  private func writeError(_ text: String) {
    do throws(SystemError) { try Standard.err.write(text) } catch {}
  }
}
