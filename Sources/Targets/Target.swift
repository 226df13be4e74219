public import Foundation

/// A kind of device: what it offers and what a bundle may take of it. One JSON5 file in `targets/`.
public struct Target: Decodable, Sendable, Equatable {
  /// CPU features, by the names `--cpu-features` takes.
  public struct CPU: Decodable, Sendable, Equatable {
    /// Without these the device cannot run Swiftlet.
    public var required: [String]
    /// Used when present.
    public var optional: [String]
  }

  /// What one bundle may use, in bytes.
  public struct Budgets: Decodable, Sendable, Equatable {
    /// Activations.
    public var arenaBytes: Int
    /// The prepared image in the store.
    public var flashBytes: Int
    /// Everything resident while it runs.
    public var ramBytes: Int

    enum CodingKeys: String, CodingKey {
      case arenaBytes = "arena_bytes"
      case flashBytes = "flash_bytes"
      case ramBytes = "ram_bytes"
    }
  }

  /// Name, equal to the file's.
  public var name: String
  /// One line for people.
  public var description: String
  /// Compiler triple of its static build.
  public var triple: String
  /// CPU features.
  public var cpu: CPU
  /// Budgets.
  public var budgets: Budgets
  /// Kernel tiers, slowest first.
  public var tiers: [String]
  /// What its devices are told with `init --prefer`: `speed`, also when absent, or `size`.
  public var prefer: String?
  /// SHA-256 input: the file's bytes.
  public var fileBytes: [UInt8] = []

  enum CodingKeys: String, CodingKey {
    case name, description, triple, cpu, budgets, tiers, prefer
  }
}

/// Why a target cannot be used.
public struct TargetError: Error, Equatable {
  /// What is wrong, where, and what to do.
  public let reason: String
}

/// Finds and reads target descriptions.
public enum TargetCatalogue {
  /// Folders searched, in order: `SWIFTLET_TARGETS`, `targets/` here, `targets/` of the checkout the
  /// program was built in, `share/swiftlet/targets` beside the program.
  public static func folders(program: String) -> [URL] {
    var folders: [URL] = []
    if let named = ProcessInfo.processInfo.environment["SWIFTLET_TARGETS"] {
      folders.append(URL(fileURLWithPath: named))
    }
    folders.append(URL(fileURLWithPath: "targets"))
    var parent = URL(fileURLWithPath: program).resolvingSymlinksInPath()
      .deletingLastPathComponent()
    folders.append(parent.appendingPathComponent("../share/swiftlet/targets"))
    for _ in 0..<4 {
      parent.deleteLastPathComponent()
      folders.append(parent.appendingPathComponent("targets"))
    }
    return folders
  }

  /// Reads a target by name, or by path when the name holds a slash or ends in `.json5`.
  ///
  /// - Throws: `TargetError` listing the known targets, or naming the field that is wrong.
  public static func load(_ name: String, from folders: [URL]) throws(TargetError) -> Target {
    if name.contains("/") || name.hasSuffix(".json5") {
      return try read(URL(fileURLWithPath: name))
    }
    for folder in folders {
      let file = folder.appendingPathComponent("\(name).json5")
      if FileManager.default.fileExists(atPath: file.path) { return try read(file) }
    }
    let known = names(in: folders).joined(separator: ", ")
    throw TargetError(
      reason: "no target is called \(name); known: \(known.isEmpty ? "none" : known)")
  }

  /// Names of all targets found, sorted.
  public static func names(in folders: [URL]) -> [String] {
    var names: Set<String> = []
    for folder in folders {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      for file in files where file.hasSuffix(".json5") { names.insert(String(file.dropLast(6))) }
    }
    return names.sorted()
  }

  /// Names the field and what is wrong with it.
  private static func explain(_ error: any Error) -> String {
    func field(_ context: DecodingError.Context, _ last: [any CodingKey] = []) -> String {
      (context.codingPath + last).map(\.stringValue).joined(separator: ".")
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context): return "add the field \(field(context, [key]))"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      return "the field \(field(context)) should be \(type)"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "the field \(field(context)) does not hold what it should"
    default: return "it is not valid JSON5"
    }
  }

  private static func read(_ file: URL) throws(TargetError) -> Target {
    guard let data = try? Data(contentsOf: file) else {
      throw TargetError(reason: "cannot read the target file \(file.path)")
    }
    if let fault = JSON5Text.fault(in: data) {
      throw TargetError(
        reason: "\(file.lastPathComponent) is not a target description: \(fault)")
    }
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    var target: Target
    do {
      target = try decoder.decode(Target.self, from: data)
    } catch {
      throw TargetError(
        reason: "\(file.lastPathComponent) is not a target description: \(explain(error))")
    }
    let budgets = [target.budgets.arenaBytes, target.budgets.flashBytes, target.budgets.ramBytes]
    guard budgets.allSatisfy({ $0 > 0 }) else {
      throw TargetError(
        reason: "\(file.lastPathComponent) is not a target description: a budget is not positive")
    }
    target.fileBytes = Array(data)
    return target
  }
}
