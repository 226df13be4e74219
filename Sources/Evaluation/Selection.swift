public import BundleFormat
public import Bundling
public import HostArrays

/// Items that results are broken down to.
public struct Selection: Sendable, Equatable {
  /// The slice; nil for all items.
  public let slice: TestReport.Slice?
  /// Their positions.
  public let items: [Int]
  /// The group of every item there is; nil where each stands for itself.
  let groups: [Int]?

  /// Independent units among the items.
  public var units: Int {
    groups.map { groups in Set(items.map { groups[$0] }).count } ?? items.count
  }

  var resampling: Resampling { Resampling(items: items, groups: groups) }

  /// All items, then one selection per value of each column, in the order of the values.
  public static func all(
    of items: Int, slices: [Dataset.Slice], groups: TextColumn?
  ) -> [Selection] {
    // A group for each item is no grouping.
    let groups = groups.flatMap { $0.values.count < items ? $0.codes : nil }
    var selections = [Selection(slice: nil, items: Array(0..<items), groups: groups)]
    for slice in slices {
      var members = [[Int]](repeating: [], count: slice.values.values.count)
      for (item, code) in slice.values.codes.enumerated() { members[code].append(item) }
      for (code, value) in slice.values.values.enumerated().sorted(by: { $0.1 < $1.1 })
      where !members[code].isEmpty {
        selections.append(
          Selection(
            slice: .init(column: slice.name, value: value), items: members[code], groups: groups))
      }
    }
    return selections
  }
}
