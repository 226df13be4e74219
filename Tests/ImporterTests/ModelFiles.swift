import Foundation
import ModelGraph
import TestSupport

/// Model files and raw arrays of the shared folder.
enum ModelFiles {
  /// All bytes of a file.
  static func bytes(_ relative: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: Shared.file(relative))))
  }

  /// Little-endian floats.
  static func floats(_ relative: String) throws -> [Float] {
    let raw = try bytes(relative)
    return stride(from: 0, to: raw.count - 3, by: 4).map { at in
      Float(
        bitPattern: UInt32(raw[at]) | UInt32(raw[at + 1]) << 8 | UInt32(raw[at + 2]) << 16
          | UInt32(raw[at + 3]) << 24)
    }
  }

  /// Names of the files of a folder, sorted.
  static func list(_ relative: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: Shared.file(relative)).sorted()
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014), for damage from a printed seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Graph {
  /// Names of the operations in order.
  var operationNames: [String] { nodes.map { $0.operation.name } }

  /// Number of nodes that are neither first nor last and are transposes.
  var innerTransposes: Int {
    nodes.dropFirst().dropLast().filter { $0.operation.name == "Transpose" }.count
  }
}
