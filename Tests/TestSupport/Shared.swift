public import Foundation
public import Testing

/// The folder of real models and data that lies beside the package, not in it.
public enum Shared {
  /// `SWIFTLET_SHARED`, else `../shared` beside the package.
  public static let path: String = {
    if let path = ProcessInfo.processInfo.environment["SWIFTLET_SHARED"], !path.isEmpty {
      return path
    }
    return Package.root.deletingLastPathComponent().appendingPathComponent("shared").path
  }()

  /// True when the models are there.
  public static let isPresent = FileManager.default.fileExists(atPath: path + "/models")

  /// The path of `relative` in the folder.
  public static func file(_ relative: String) -> String { path + "/" + relative }
}

/// The package under test.
public enum Package {
  /// The folder of Package.swift.
  public static let root: URL = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}

extension Trait where Self == ConditionTrait {
  /// Skips a test where the shared models are absent.
  public static var requiresShared: Self {
    .enabled(if: Shared.isPresent, "shared models are absent")
  }
}
