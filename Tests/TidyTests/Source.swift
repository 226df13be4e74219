import Foundation

/// One file of this repository.
struct Source {
  /// Relative to the root of the package.
  let path: String
  let lines: [String]

  /// A sample for a rule to fire on.
  init(path: String, _ text: String) {
    self.path = path
    lines = text.components(separatedBy: "\n")
  }

  /// Name without folder and extension.
  var name: String {
    let file = path.split(separator: "/").last ?? ""
    return String(file.prefix { $0 != "." })
  }

  /// Folder below Sources or Tests.
  var module: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }
}

/// The repository these tests were built from.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every file below `folders` whose name ends in one of `endings`, in order of path.
  static func sources(
    _ folders: [String] = ["Sources", "Tests"], endings: [String] = [".swift"]
  ) throws -> [Source] {
    var found: [Source] = []
    for folder in folders {
      let base = root.appendingPathComponent(folder)
      for path in try FileManager.default.subpathsOfDirectory(atPath: base.path).sorted()
      where endings.contains(where: path.hasSuffix) {
        let file = base.appendingPathComponent(path)
        guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else {
          continue
        }
        found.append(
          Source(path: "\(folder)/\(path)", try String(contentsOf: file, encoding: .utf8)))
      }
    }
    return found
  }

  static func file(_ path: String) throws -> Source {
    let url = root.appendingPathComponent(path)
    return Source(path: path, try String(contentsOf: url, encoding: .utf8))
  }

  /// Names at the top level, without what a build or Git leaves there.
  static func topLevel() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
      .filter { $0 != ".git" && !$0.hasPrefix(".build") && $0 != ".swiftpm" }
  }
}
