import Arrays
import BundleFormat
import HostArrays

/// Cells of a label column to classes or values.
public enum TargetReader {
  /// The targets of a column.
  ///
  /// Classes are known by their labels, whole numbers as such: `1.0` is the class `1`. Without
  /// labels, or where labels are no numbers, whole numbers are positions of classes.
  ///
  /// - Throws: `PackError` naming the cell that is no class.
  static func targets(
    _ column: TextColumn, named name: String, of interface: DataInterface, path: String
  ) throws(PackError) -> Dataset.Targets {
    guard !interface.isRegression else {
      return .values(try values(column, named: name, path: path))
    }
    let positions = try column.values.map { (text) throws(PackError) in
      try position(of: text, among: interface.classes, named: name, path: path)
    }
    return .classes(column.codes.map { positions[$0] })
  }

  private static func values(
    _ column: TextColumn, named name: String, path: String
  ) throws(PackError) -> [Float] {
    let numbers = try column.values.enumerated().map { (code, text) throws(PackError) in
      guard let number = Float(text), number.isFinite else {
        throw fault("'\(text)' is no number to compare with", code, column, name, path)
      }
      return number
    }
    return column.codes.map { numbers[$0] }
  }

  private static func fault(
    _ what: String, _ code: Int, _ column: TextColumn, _ name: String, _ path: String
  ) -> PackError {
    let row = (column.codes.firstIndex(of: code) ?? 0) + 1
    return PackError(.failed, "\(path): row \(row), column '\(name)': \(what)")
  }

  private static func position(
    of text: String, among classes: [String], named name: String, path: String
  ) throws(PackError) -> Int {
    if let position = classes.firstIndex(of: text) { return position }
    let number = whole(text)
    let numbers = classes.map(whole)
    if let number, !classes.isEmpty, numbers.allSatisfy({ $0 != nil }) {
      if let position = numbers.firstIndex(of: number) { return position }
    } else if let number, number >= 0, classes.isEmpty || number < classes.count {
      return number
    }
    guard !classes.isEmpty else {
      throw PackError(
        .failed, "\(path), column '\(name)': the model has no class labels to find '\(text)' among",
        hint: "name them in the recipe in the model's order: outputs: [{ name: …, labels: […] }]")
    }
    throw PackError(
      .failed,
      "\(path), column '\(name)': '\(text)' is none of the classes "
        + classes.prefix(12).joined(separator: ", "))
  }

  private static func whole(_ text: String) -> Int? {
    if let number = Int(text) { return number }
    guard let number = Double(text), number == number.rounded(), abs(number) < 1e15 else {
      return nil
    }
    return Int(number)
  }
}

extension TargetReader {
  /// Targets of a file of their own: an array of whole numbers, or a table's label column, or its
  /// only one.
  public static func targets(
    _ file: DataFile, of interface: DataInterface, path: String? = nil
  ) throws(PackError) -> Dataset.Targets {
    switch file {
    case .array(let array):
      do throws(ArrayError) {
        if interface.isRegression, array.type == .float32 || array.type == .float64 {
          return .values(array.asFloats())
        }
        return .classes(try array.asInt64().map { Int($0) })
      } catch {
        let place = path.map { "\($0): " } ?? ""
        throw PackError(.failed, "\(place)labels must be whole numbers, got \(array.type.name)")
      }
    case .table(let table):
      let names = [interface.roles.label].compactMap { $0 } + ColumnAssignment.labelNames
      let only = table.columns.count == 1 ? table.columns.first : nil
      guard
        let name = names.first(where: { table.columns.contains($0) }) ?? only,
        let column = table.columns.firstIndex(of: name)
      else {
        throw PackError(
          .failed, "\(table.path) has no column called \(names.joined(separator: " or "))")
      }
      return try targets(
        try table.texts(column), named: name, of: interface, path: table.path)
    case .sounds:
      throw PackError(.usage, "labels are an array or a table, not sound")
    }
  }
}

extension CSVTable {
  /// A column as text.
  func texts(_ column: Int) throws(PackError) -> TextColumn {
    do throws(ArrayFileError) {
      guard case .texts(let cells)? = try read([(column, .texts)]).first else {
        throw ArrayFileError.table("no such column", path: path)
      }
      return cells
    } catch {
      throw PackError(.failed, error.message)
    }
  }
}
