/// Share of items whose largest output is the labelled class.
public struct TopOne: Sendable, Equatable {
  /// Items seen.
  public private(set) var items = 0
  /// Items right.
  public private(set) var correct = 0

  /// Creates an empty count.
  public init() {}

  /// Adds one item.
  public mutating func add(scores: [Float], label: Int) {
    items += 1
    if Self.argmax(scores) == label { correct += 1 }
  }

  /// correct / items; 0 for none.
  public var accuracy: Double { items == 0 ? 0 : Double(correct) / Double(items) }

  /// Position of the largest element, the first of equals.
  public static func argmax(_ scores: [Float]) -> Int {
    var best = 0
    for index in scores.indices.dropFirst() where scores[index] > scores[best] { best = index }
    return best
  }
}
