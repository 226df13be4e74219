public import Arrays
public import System

/// Why a file of arrays cannot be read. Every case names the file.
public enum ArrayFileError: Error, Equatable, Sendable {
  /// The file itself cannot be read.
  case system(SystemError)
  /// An array in it is not readable.
  case array(ArrayError, path: String)
  /// The archive is damaged or of a kind we do not read; the text says which.
  case archive(String, path: String)
  /// The table is damaged; the text says where.
  case table(String, path: String)
  /// No array of that name; `names` are there.
  case noSuchArray(String, names: [String], path: String)
  /// Several arrays and no name given.
  case nameNeeded(names: [String], path: String)
  /// Neither .npy nor .npz nor a .csv by its name.
  case unknownKind(path: String)

  /// One line for a person.
  public var message: String {
    switch self {
    case .system(let error): return error.message
    case .array(let error, let path): return "\(path): \(error.message)"
    case .archive(let what, let path): return "\(path): \(what)"
    case .table(let what, let path): return "\(path): \(what)"
    case .noSuchArray(let name, let names, let path):
      return "\(path) has no array '\(name)'; it has \(names.joined(separator: ", "))"
    case .nameNeeded(let names, let path):
      return
        "\(path) holds several arrays (\(names.joined(separator: ", "))); name one: \(path):\(names.first ?? "")"
    case .unknownKind(let path):
      return "\(path) is neither .npy nor .npz nor .csv"
    }
  }
}
