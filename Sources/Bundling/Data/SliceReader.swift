import Arrays
import HostArrays

/// Slices in a file of their own, for data that has no columns.
public enum SliceReader {
  /// The columns of a table, or the whole numbers of an array as the slice `slice`.
  ///
  /// - Parameter items: how many there are: one row each.
  public static func slices(
    _ file: DataFile, path: String, items: Int
  ) throws(PackError) -> [Dataset.Slice] {
    var slices: [Dataset.Slice] = []
    switch file {
    case .table(let table):
      for (column, heading) in table.columns.enumerated() {
        let name = heading.hasPrefix("slice:") ? String(heading.dropFirst(6)) : heading
        slices.append(Dataset.Slice(name: name, values: try table.texts(column)))
      }
    case .array(let array):
      do throws(ArrayError) {
        slices = [Dataset.Slice(name: "slice", values: TextColumn(try array.asInt64()))]
      } catch {
        throw PackError(.failed, "\(path): slices must be whole numbers, got \(array.type.name)")
      }
    case .sounds: throw PackError(.usage, "slices are a table or an array, not sound")
    }
    for slice in slices where slice.values.codes.count != items {
      throw PackError(
        .failed, "\(path): there are \(items) items and \(slice.values.codes.count) rows of slices")
    }
    return slices
  }
}
