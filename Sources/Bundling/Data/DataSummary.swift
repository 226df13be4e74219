import ModelCards
import ModelGraph
import SignalChain

/// Facts of the data a bundle is made from, for its card: counts and spreads, no values.
struct DataSummary {
  /// One per kind of data, in the order they are used.
  let facts: [DataFacts]
  private let naming: Naming

  init(_ data: PackData, _ graph: Graph) {
    naming = Naming(graph, data.ports)
    var facts: [DataFacts] = []
    if !data.calibration.isEmpty {
      facts.append(naming.facts("calibration", data.calibration, data.calibrationStarts))
    }
    if data.hasReference {
      facts.append(naming.facts("reference", data.reference, data.referenceStarts))
    }
    self.facts = facts
  }

  /// Facts of items that the bundle is tested with.
  func tested(
    _ items: [[TensorData]], _ starts: RecordingStarts, _ targets: Dataset.Targets?
  ) -> DataFacts {
    var tested = naming.facts("test", items, starts)
    switch targets {
    case .classes(let classes)?: tested.classes = Self.counts(classes)
    case .values(let values)?:
      var sums = RunningSpread()
      for value in values { sums.add(value) }
      tested.spreads.append(sums.spread("target"))
    case nil: break
    }
    return tested
  }

  private static func counts(_ classes: [Int]) -> [UInt64] {
    var counts = [UInt64](repeating: 0, count: (classes.max() ?? -1) + 1)
    for position in classes where position >= 0 { counts[position] += 1 }
    return counts
  }
}

/// What the features of each input are called.
private struct Naming {
  /// An input: one name for all its elements, or one per feature.
  struct Input {
    var names: [String]
    /// The feature of an element is `element / stride % names.count`.
    var stride: Int
  }

  let inputs: [Input]

  init(_ graph: Graph, _ ports: [NamedPort]) {
    var left = CardSection.spreadsLimit - 1
    inputs = graph.inputs.map { id in
      let value = graph[id]
      let labels = ports.first { $0.name == value.name }?.naming.labels ?? []
      let elements = value.type.shape.reduce(1, *)
      let shape = value.type.shape.filter { $0 > 1 }
      defer { left -= labels.count }
      guard labels.count > 1, labels.count <= left else {
        return Input(names: [value.name], stride: 1)
      }
      if shape.last == labels.count { return Input(names: labels, stride: 1) }
      guard shape.first == labels.count else { return Input(names: [value.name], stride: 1) }
      return Input(names: labels, stride: elements / labels.count)
    }
  }

  func facts(_ role: String, _ items: [[TensorData]], _ starts: RecordingStarts) -> DataFacts {
    var spreads: [DataFacts.Spread] = []
    for (position, input) in inputs.enumerated() {
      var sums = [RunningSpread](repeating: RunningSpread(), count: input.names.count)
      for item in items {
        let tensor = item[position]
        for (element, value) in (tensor.floats ?? tensor.integers?.map(Float.init) ?? [])
          .enumerated()
        {
          sums[element / input.stride % input.names.count].add(value)
        }
      }
      spreads += zip(input.names, sums).map { $1.spread($0) }
    }
    return DataFacts(
      role: role, items: UInt64(items.count), groups: starts.count > 1 ? UInt64(starts.count) : nil,
      spreads: spreads)
  }
}

/// Mean and deviation in one pass (Welford 1962), smallest and largest.
private struct RunningSpread {
  private var count = 0.0
  private var mean = 0.0
  private var squares = 0.0
  private var minimum = Double.infinity
  private var maximum = -Double.infinity
  private var missing: UInt64 = 0

  mutating func add(_ value: Float) {
    guard !value.isNaN else {
      missing += 1
      return
    }
    let value = Double(value)
    count += 1
    let distance = value - mean
    mean += distance / count
    squares += distance * (value - mean)
    minimum = min(minimum, value)
    maximum = max(maximum, value)
  }

  /// In the precision of the data; zeros where every value is missing.
  func spread(_ name: String) -> DataFacts.Spread {
    func rounded(_ value: Double) -> Double { count > 0 ? Double(Float(value)) : 0 }
    return DataFacts.Spread(
      name: name, minimum: rounded(minimum), mean: rounded(mean),
      deviation: rounded((squares / max(count, 1)).squareRoot()), maximum: rounded(maximum),
      missing: missing)
  }
}
