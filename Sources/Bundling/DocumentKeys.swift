/// The keys of a document, to find those that nobody reads: a setting with a slip in its name would
/// else be no setting at all.
enum DocumentKeys: Decodable {
  case object([String: DocumentKeys])
  case list([DocumentKeys])
  case value

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let object = try? container.decode([String: DocumentKeys].self) {
      self = .object(object)
    } else if let list = try? container.decode([DocumentKeys].self) {
      self = .list(list)
    } else {
      self = .value
    }
  }

  /// A key that what was decoded from the document has no property for.
  struct Unknown {
    /// From the top, with dots.
    var path: String
    /// The key itself.
    var key: String
    /// The properties that are there.
    var known: [String]
  }

  /// The first such key. Properties are named as their keys; any key is right in a dictionary.
  func unknown(in decoded: Any, path: String = "") -> Unknown? {
    let mirror = Mirror(reflecting: decoded)
    if mirror.displayStyle == .optional {
      return mirror.children.first.flatMap { unknown(in: $0.value, path: path) }
    }
    switch self {
    case .value: return nil
    case .list(let list):
      for (index, (element, child)) in zip(list, mirror.children).enumerated() {
        if let found = element.unknown(in: child.value, path: "\(path)[\(index)]") { return found }
      }
    case .object(let object):
      guard mirror.displayStyle == .struct else { return nil }
      let known = mirror.children.compactMap(\.label)
      for (key, content) in object.sorted(by: { $0.key < $1.key }) {
        let keyPath = path.isEmpty ? key : "\(path).\(key)"
        guard let child = mirror.children.first(where: { $0.label == key }) else {
          return Unknown(path: keyPath, key: key, known: known)
        }
        if let found = content.unknown(in: child.value, path: keyPath) { return found }
      }
    }
    return nil
  }
}
