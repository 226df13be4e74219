package import HostArrays
package import ModelGraph

extension TextColumn {
  /// The groups of items by number.
  package init(_ groups: [Int64]) {
    self.init()
    for group in groups { append(String(group)) }
  }
}

extension RecordingStarts {
  /// A recording begins wherever the group changes; data without a group for each item is one.
  package init(_ groups: TextColumn?, items: Int) {
    guard let groups, groups.codes.count == items else {
      self.init()
      return
    }
    self.init(groups: groups.codes.map(Int64.init))
  }
}
