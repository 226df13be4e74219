public import Foundation

/// Runs an executable and captures what it says.
public enum Tool {
  /// What a run gave.
  public struct Outcome: Sendable {
    /// Standard output.
    public let output: [UInt8]
    /// Standard error.
    public let error: [UInt8]
    /// The exit code; 128 + number when a signal ended it.
    public let code: Int32

    /// Standard output as text.
    public var text: String { String(decoding: output, as: UTF8.self) }
    /// Standard error as text.
    public var errorText: String { String(decoding: error, as: UTF8.self) }
  }

  /// A run that could not be judged.
  public enum Failure: Error, CustomStringConvertible {
    /// No such executable; build the whole package first.
    case notFound(String)
    /// Still running after the limit; it was killed.
    case timeout(String, seconds: Double)

    /// One line for a person.
    public var description: String {
      switch self {
      case .notFound(let name): return "no executable \(name): build the whole package first"
      case .timeout(let name, let seconds): return "\(name) ran longer than \(seconds) s"
      }
    }
  }

  /// The folder of the built executables: the one holding the test bundle.
  public static let folder: URL = {
    #if os(Linux)
      let running = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    #else
      let running = URL(fileURLWithPath: CommandLine.arguments[0])
    #endif
    // The test runner may be the toolchain's own: then the bundle is among the arguments.
    for argument in [running.path] + CommandLine.arguments where argument.contains(".build") {
      var url = URL(fileURLWithPath: argument)
      if url.lastPathComponent.hasSuffix(".xctest") || argument == running.path {
        url.deleteLastPathComponent()
      }
      while url.pathExtension == "xctest" || url.lastPathComponent == "MacOS" {
        url.deleteLastPathComponent()
      }
      return url
    }
    return Package.root.appendingPathComponent(".build/debug")
  }()

  /// True when there is an executable at `path`.
  public static func isInstalled(_ path: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: path)
  }

  /// Runs the product `name` of this package.
  public static func run(
    _ name: String, _ arguments: [String], environment: [String: String] = [:],
    folder workingFolder: String? = nil, input: [UInt8] = [], seconds: Double = 120
  ) throws -> Outcome {
    let url = folder.appendingPathComponent(name)
    guard FileManager.default.isExecutableFile(atPath: url.path) else {
      throw Failure.notFound(url.path)
    }
    return try run(
      path: url.path, arguments, environment: environment, folder: workingFolder, input: input,
      seconds: seconds)
  }

  /// Runs the executable at `path` with the caller's environment and `environment` over it.
  public static func run(
    path: String, _ arguments: [String], environment: [String: String] = [:],
    folder workingFolder: String? = nil, input: [UInt8] = [], seconds: Double = 120
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    var merged = ProcessInfo.processInfo.environment
    // A crashed child's backtracer would hold the pipes open.
    merged["SWIFT_BACKTRACE"] = "enable=no"
    merged.merge(environment) { $1 }
    process.environment = merged
    if let workingFolder { process.currentDirectoryURL = URL(fileURLWithPath: workingFolder) }
    let out = Pipe()
    let error = Pipe()
    let stdin = Pipe()
    process.standardOutput = out
    process.standardError = error
    process.standardInput = stdin
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    let output = PipeReader(out)
    let messages = PipeReader(error)
    try process.run()
    output.start()
    messages.start()
    try? stdin.fileHandleForWriting.write(contentsOf: Data(input))
    try? stdin.fileHandleForWriting.close()
    if ended.wait(timeout: .now() + seconds) == .timedOut {
      kill(process.processIdentifier, SIGKILL)
      ended.wait()
      throw Failure.timeout(path, seconds: seconds)
    }
    let code =
      process.terminationReason == .uncaughtSignal
      ? 128 + process.terminationStatus : process.terminationStatus
    return Outcome(output: output.finish(), error: messages.finish(), code: code)
  }
}

/// Drains a pipe on its own thread, so that a child never waits for us.
private final class PipeReader: @unchecked Sendable {
  private let handle: FileHandle
  private let done = DispatchSemaphore(value: 0)
  private var data = Data()

  init(_ pipe: Pipe) {
    handle = pipe.fileHandleForReading
  }

  func start() {
    Thread.detachNewThread { [self] in
      data = (try? handle.readToEnd()) ?? Data()
      done.signal()
    }
  }

  func finish() -> [UInt8] {
    done.wait()
    return [UInt8](data)
  }
}
