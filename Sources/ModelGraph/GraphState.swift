/// What a model keeps from one run for the next: a value the run reads and one that it computes, which
/// the next run reads in its place.
public struct GraphState: Sendable {
  /// Name for people: of the input or variable in the model file.
  public var name: String
  /// Read by nodes; neither an input nor computed.
  public var read: ValueID
  /// Computed by a node; of the same type.
  public var written: ValueID
  /// What the first run reads: reals, or the file's own integers where it is quantised.
  public var initial: TensorData

  /// Creates a state.
  public init(name: String, read: ValueID, written: ValueID, initial: TensorData) {
    self.name = name
    self.read = read
    self.written = written
    self.initial = initial
  }
}

extension Graph {
  /// What a run begins with: inputs, then the states it reads.
  public var sources: [ValueID] { inputs + states.map(\.read) }
  /// What a run is for: outputs, then the states it writes.
  public var results: [ValueID] { outputs + states.map(\.written) }
}

/// Where in a list of items recordings begin: there a model's states start anew.
public struct RecordingStarts: Sendable, Equatable {
  private var positions: Set<Int> = []

  /// One recording: only its first item starts anew.
  public init() {}

  /// A recording begins wherever the number of an item's group is not that of the item before.
  public init(groups: [Int64]) {
    for (position, group) in groups.enumerated().dropFirst() where group != groups[position - 1] {
      positions.insert(position)
    }
  }

  /// How many recordings there are.
  public var count: Int { positions.count + 1 }

  /// Whether an item is the first of a recording.
  public func contains(_ item: Int) -> Bool { item == 0 || positions.contains(item) }

  /// The recordings of so many items.
  public func recordings(of items: Int) -> [Range<Int>] {
    let begins = (0..<items).filter(contains)
    return zip(begins, begins.dropFirst() + [items]).map { $0..<$1 }
  }
}
