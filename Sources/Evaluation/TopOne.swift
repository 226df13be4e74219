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

  /// Wilson's 95 % interval of the accuracy (Wilson 1927): right for few items and near 0 and 1.
  public var interval: ClosedRange<Double> {
    guard items > 0 else { return 0...1 }
    let n = Double(items)
    let z = 1.959963984540054
    let centre = accuracy + z * z / (2 * n)
    let spread = z * ((accuracy * (1 - accuracy) + z * z / (4 * n)) / n).squareRoot()
    let scale = 1 + z * z / n
    return max((centre - spread) / scale, 0)...min((centre + spread) / scale, 1)
  }

  /// Position of the largest element, the first of equals.
  public static func argmax(_ scores: [Float]) -> Int {
    var best = 0
    for index in scores.indices.dropFirst() where scores[index] > scores[best] { best = index }
    return best
  }
}
