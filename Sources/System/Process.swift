import CSystem

/// Time.
public enum Clock {
  /// Nanoseconds since an arbitrary moment; never goes back.
  public static var monotonicNanoseconds: UInt64 { swl_monotonic_nanoseconds() }

  /// Seconds since 1970, as the system believes.
  public static var wallSeconds: Int64 { swl_wall_seconds() }

  /// Pauses the calling thread.
  public static func sleep(nanoseconds: UInt64) { swl_sleep_nanoseconds(nanoseconds) }
}

/// The system's random generator.
public enum Random {
  /// Fills `buffer` from getrandom(2).
  public static func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(SystemError) {
    try check(swl_random(buffer.baseAddress, buffer.count), .random, "the system")
  }

  /// `count` bytes from getrandom(2).
  public static func bytes(_ count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result = bytes.withUnsafeMutableBytes { swl_random($0.baseAddress, $0.count) }
    try check(result, .random, "the system")
    return bytes
  }
}

/// A standard stream.
public struct Standard: Sendable {
  /// Results.
  public static let out = Standard(descriptor: 1, name: "standard output")
  /// Messages.
  public static let err = Standard(descriptor: 2, name: "standard error")

  private let descriptor: Int32
  private let name: String

  private init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// True when a person looks at it.
  public var isTerminal: Bool { swl_is_terminal(descriptor) != 0 }

  /// Writes all of `text`, unbuffered.
  public func write(_ text: String) throws(SystemError) {
    try write(Array(text.utf8))
  }

  /// Writes all of `bytes`, unbuffered.
  public func write(_ bytes: [UInt8]) throws(SystemError) {
    let result = bytes.withUnsafeBytes { swl_write_all(descriptor, $0.baseAddress, $0.count) }
    try check(result, .write, name)
  }
}

/// This process and its machine.
public enum CurrentProcess {
  /// Its number.
  public static var identifier: Int32 { swl_process_id() }

  /// Processors online.
  public static var processorCount: Int { Int(swl_processor_count()) }

  /// Its largest resident set so far, bytes.
  public static var peakResidentBytes: UInt64 { swl_peak_resident_bytes() }

  /// True under a user-mode emulator such as qemu-user: its times say nothing of any CPU.
  public static var isEmulated: Bool { swl_is_emulated() != 0 }

  /// Runs this executable again with other arguments and returns what it wrote to standard output.
  ///
  /// - Parameter arguments: all of them, the program's name first.
  /// - Throws: unless it starts, ends with exit code 0 and wrote at most `limit` bytes.
  public static func runAgain(
    _ arguments: [String], limit: Int
  ) throws(SystemError) -> [UInt8] {
    var words: [UInt8] = []
    for argument in arguments {
      try checkPath(argument, .start)
      words.append(contentsOf: argument.utf8)
      words.append(0)
    }
    var output = [UInt8](repeating: 0, count: limit + 1)
    let count = words.withUnsafeBytes { words in
      output.withUnsafeMutableBytes {
        swl_run_again(words.baseAddress, words.count, $0.baseAddress, $0.count)
      }
    }
    guard count >= 0 else {
      throw SystemError.failed(operation: .start, path: arguments[0], code: Int32(-count))
    }
    guard count <= limit else {
      throw SystemError.tooLarge(path: arguments[0], size: UInt64(count), limit: limit)
    }
    output.removeLast(output.count - Int(count))
    return output
  }

  /// The value of an environment variable.
  public static func environment(_ name: String) -> String? {
    guard let value = swl_environment(name) else { return nil }
    return String(cString: value)
  }

  /// Ends the process, running what `atexit` registered.
  public static func exit(_ code: Int32) -> Never { swl_exit(code) }

  /// Makes a write to a closed pipe an error instead of a signal.
  public static func ignoreBrokenPipe() { swl_ignore_broken_pipe() }

  /// From now on SIGINT and SIGTERM only raise ``isInterrupted``.
  public static func catchInterrupts() { swl_catch_interrupts() }

  /// True once SIGINT or SIGTERM came after ``catchInterrupts()``.
  public static var isInterrupted: Bool { swl_interrupted() != 0 }

  /// True once SIGINT came: a person at the keyboard, not a supervisor that stops a service.
  public static var isInterruptedFromKeyboard: Bool { swl_interrupted() == 2 }
}

/// Text to numbers, where Embedded Swift has no parser of its own.
public enum Number {
  /// The nearest double to decimal `text`; nil when it is not entirely a number.
  public static func double(_ text: String) -> Double? {
    for byte in text.utf8 where byte == 0 { return nil }
    var value = 0.0
    return swl_parse_double(text, &value) == 0 ? value : nil
  }
}
