public import Arrays
public import BundleFormat
public import HostArrays

/// Data as a model takes it, with what is known of each item.
public struct Dataset: Sendable {
  /// What items should give.
  public enum Targets: Sendable, Equatable {
    /// Positions of classes.
    case classes([Int])
    /// Numbers.
    case values([Float])

    /// The positions of classes, where they are such.
    public var classes: [Int]? { if case .classes(let classes) = self { classes } else { nil } }

    /// How many there are.
    public var count: Int {
      switch self {
      case .classes(let classes): classes.count
      case .values(let values): values.count
      }
    }
  }

  /// A way of breaking results down: a column with a value per item.
  public struct Slice: Sendable, Equatable {
    /// The column, without `slice:`.
    public var name: String
    /// One value per item.
    public var values: TextColumn

    /// Creates a slice.
    public init(name: String, values: TextColumn) {
      self.name = name
      self.values = values
    }
  }

  /// One per input.
  public var arrays: [NumericArray]
  /// What items should give; nil where the data does not say.
  public var targets: Targets?
  /// Ways of breaking results down.
  public var slices: [Slice] = []
  /// Which items belong together; nil where the data does not say.
  public var groups: TextColumn?
  /// Names and units of each input's features; empty where the data has none.
  public var features: [[ColumnHeading]] = []
  /// Roles as they were taken.
  public var roles = DataRoles()
  /// What was taken and what was left, for people.
  public var notes: [String] = []

  /// Arrays of which nothing else is known.
  public init(arrays: [NumericArray]) { self.arrays = arrays }

  /// The items of some positions; `count` is how many there are.
  func picking(_ items: [Int], of count: Int) throws(PackError) -> Dataset {
    var picked = self
    picked.arrays = []
    for array in arrays {
      guard array.shape.first == count else {
        throw PackError(.failed, "the input arrays hold different numbers of items")
      }
      let size = array.bytes.count / max(count, 1)
      var bytes: [UInt8] = []
      bytes.reserveCapacity(size * items.count)
      for item in items { bytes += array.bytes[item * size..<(item + 1) * size] }
      do throws(ArrayError) {
        picked.arrays.append(
          try NumericArray(
            type: array.type, shape: [items.count] + array.shape.dropFirst(), bytes: bytes))
      } catch {
        throw PackError(.failed, error.message)
      }
    }
    switch targets {
    case .classes(let classes)?: picked.targets = .classes(items.map { classes[$0] })
    case .values(let values)?: picked.targets = .values(items.map { values[$0] })
    case nil: break
    }
    picked.slices = slices.map { Slice(name: $0.name, values: $0.values.picking(items)) }
    picked.groups = groups?.picking(items)
    return picked
  }

  /// Sets a share of the items aside, whole groups together: which is decided by a hash of the
  /// group's name, or of the item's number where there are no groups, so that the same data is cut
  /// alike each time, and a group stays on its side as data grows.
  ///
  /// - Throws: `PackError` where one side stays empty.
  func split(share: Double) throws(PackError) -> (rest: Dataset, aside: Dataset) {
    let count = arrays.first?.shape.first ?? 0
    let threshold = share * 0x1p64
    let isAside = (0..<count).map { item in
      Double(Self.hash(groups?[item] ?? "\(item)")) < threshold
    }
    let rest = (0..<count).filter { !isAside[$0] }
    let aside = (0..<count).filter { isAside[$0] }
    guard !rest.isEmpty, !aside.isEmpty else {
      throw PackError(
        .failed, "test.share of \(share) leaves no items on one side",
        hint: groups == nil
          ? "give more rows"
          : "there are \(groups?.values.count ?? 0) groups: give more, or test.data")
    }
    return (try picking(rest, of: count), try picking(aside, of: count))
  }

  /// FNV-1a of 64 bits, then the finish of SplitMix64, for its upper bits change little.
  private static func hash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ hash >> 30) &* 0xbf58_476d_1ce4_e5b9
    hash = (hash ^ hash >> 27) &* 0x94d0_49bb_1331_11eb
    return hash ^ hash >> 31
  }
}

extension TextColumn {
  func picking(_ rows: [Int]) -> TextColumn {
    var picked = self
    picked.codes = rows.map { codes[$0] }
    return picked
  }
}
