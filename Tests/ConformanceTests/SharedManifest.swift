import Foundation
import Importers
import ModelGraph
import TestSupport

/// A `manifest.json` of the shared models: files, inputs and goldens.
struct SharedManifest {
  /// One model with its data, if there is any.
  struct Entry {
    let file: String
    /// Path of the model, below the shared folder.
    let path: String
    let inputs: [Column]
    let goldens: [Column]
  }

  /// Raw elements of one input or output of many items: the first axis counts them.
  struct Column {
    let type: ValueType
    let bytes: ArraySlice<UInt8>

    var count: Int { type.shape[0] }

    /// What turns a byte into the plan's: uint8 is shifted by 128.
    var signBit: UInt8 { type.element == .uint8 ? 0x80 : 0 }

    /// Item `index` without the first axis.
    func item(_ index: Int) throws -> TensorData {
      let size = bytes.count / count
      let first = bytes.startIndex + index * size
      return try ModelImporter.tensor(
        littleEndian: bytes[first..<first + size],
        ValueType(type.element, Array(type.shape.dropFirst())))
    }
  }

  let entries: [Entry]

  /// Reads the manifest of a folder below `models`.
  init(_ folder: String) throws {
    let json = try JSONSerialization.jsonObject(with: Self.data("models/\(folder)/manifest.json"))
    let root = json as? [String: Any] ?? [:]
    let shared = try (root["vectors_file"] as? String).map { name in
      [UInt8](try Self.data("models/\(folder)/\(name)"))
    }
    entries = try (root["models"] as? [[String: Any]] ?? []).map { model in
      let file = model["file"] as? String ?? ""
      let isRelative = !file.hasPrefix(folder)
      let vectors = model["vectors"] as? [String: Any] ?? [:]
      let goldens =
        vectors["golden_ref"] ?? (vectors["golden"] as? [String: Any])?["onnxruntime"]
        ?? model["golden"]
      let single = model["inputs_file"].map { [$0] }
      return Entry(
        file: String(file.split(separator: "/").last ?? ""),
        path: isRelative ? "models/\(folder)/\(file)" : "models/\(file)",
        inputs: try Self.columns(vectors["inputs"] ?? single, shared),
        goldens: try Self.columns(goldens, shared))
    }
  }

  static func data(_ relative: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: Shared.file(relative)))
  }

  private static func columns(_ list: Any?, _ shared: [UInt8]?) throws -> [Column] {
    try (list as? [[String: Any]] ?? []).map { record in
      let name = record["dtype"] as? String ?? ""
      guard let element = ElementType(rawValue: name), let shape = record["shape"] as? [Int] else {
        throw CocoaError(.fileReadCorruptFile)
      }
      let type = ValueType(element, shape)
      if let file = record["file"] as? String {
        return Column(type: type, bytes: [UInt8](try data("models/\(file)"))[...])
      }
      let width = shape.reduce(element.byteCount, *)
      let offset = record["offset"] as? Int ?? 0
      return Column(type: type, bytes: (shared ?? [])[offset..<offset + width])
    }
  }
}
