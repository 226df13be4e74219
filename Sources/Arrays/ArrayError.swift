import Wire

/// Why bytes are not an array we read, or an array not the one needed.
public enum ArrayError: Error, Equatable, Sendable {
  /// Not a .npy file.
  case notNpy
  /// A .npy version other than 1, 2 and 3.
  case unsupportedVersion(UInt8)
  /// The header is cut short, too long or not the dictionary NumPy writes.
  case badHeader
  /// Big-endian elements.
  case bigEndian
  /// Fortran order.
  case fortranOrder
  /// Elements of a kind we do not read.
  case unsupportedType(String)
  /// More than 8 axes.
  case tooManyAxes(Int)
  /// The shape's product does not fit.
  case tooLarge
  /// The file does not hold as many bytes as its shape needs.
  case sizeMismatch(expected: Int, found: Int)
  /// Another element type is needed.
  case wrongType(expected: String, found: ArrayElementType)
  /// An element does not fit the type asked for.
  case valueOutOfRange(index: Int)
  /// No such item.
  case indexOutOfRange(Int, count: Int)

  /// One line for a person.
  public var message: String {
    switch self {
    case .notNpy: return "not a .npy file"
    case .unsupportedVersion(let version): return ".npy version \(version) is not supported"
    case .badHeader: return "the .npy header is damaged"
    case .bigEndian:
      return
        "the array is big-endian; save it as little-endian: a.astype(a.dtype.newbyteorder('<'))"
    case .fortranOrder:
      return "the array is in Fortran order; save it in C order: numpy.ascontiguousarray(a)"
    case .unsupportedType(let code): return "elements of type \(code) are not supported"
    case .tooManyAxes(let rank): return "\(rank) axes; at most \(Limits.rank) are supported"
    case .tooLarge: return "the shape is too large"
    case .sizeMismatch(let expected, let found):
      return "the shape needs \(expected) bytes and \(found) are there"
    case .wrongType(let expected, let found): return "elements are \(found.name), not \(expected)"
    case .valueOutOfRange(let index): return "element \(index) is out of range"
    case .indexOutOfRange(let index, let count): return "item \(index) of \(count)"
    }
  }
}

/// Shapes.
public enum ArrayShape {
  /// The bytes an array of `shape` takes; throws ``ArrayError/tooLarge`` on overflow or a negative
  /// axis and ``ArrayError/tooManyAxes(_:)``.
  public static func byteCount(
    _ shape: [Int], _ type: ArrayElementType
  ) throws(ArrayError) -> Int {
    guard shape.count <= Limits.rank else { throw ArrayError.tooManyAxes(shape.count) }
    var size = type.size
    for axis in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: axis)
      guard axis >= 0, !overflow else { throw ArrayError.tooLarge }
      size = product
    }
    return size
  }

  /// As Python writes a tuple: `()`, `(3,)`, `(1, 28)`.
  public static func text(_ shape: [Int]) -> String {
    var text = "("
    for index in shape.indices {
      if index > 0 { text += ", " }
      text += "\(shape[index])"
    }
    return text + (shape.count == 1 ? ",)" : ")")
  }
}
