/// What an application wants of a model's output: integers only, so that every CPU decides alike.
public struct DecisionRule: Sendable, Equatable {
  /// Most recent items a debounced alarm looks at.
  public static let historyMax = 64

  /// How one item is judged.
  public enum Judgement: Sendable, Equatable {
    /// The class of the largest element, the first of equals, where it reaches its class's threshold
    /// (−128…128; 128 is never reached). `alarms` lists classes that raise an alarm, ascending.
    case topClass(thresholds: [Int32], alarms: [Int])
    /// How far the output is from the input it should repeat: an alarm above the threshold.
    case reconstruction(ReconstructionError, input: Int, threshold: UInt64)
  }

  /// How one item is judged.
  public var judgement: Judgement
  /// The output it reads.
  public var output: Int
  /// Alarming items among the last `window` that raise the alarm.
  public var needed: Int
  /// How many items back an alarm looks, this one included.
  public var window: Int

  /// The input to keep before a run, for the run overwrites it; nil where the rule needs none.
  public var input: Int? {
    if case .reconstruction(_, let input, _) = judgement { input } else { nil }
  }

  /// Creates a rule; nil where `needed` and `window` are not 1 ≤ needed ≤ window ≤ 64.
  public init?(judgement: Judgement, output: Int, needed: Int = 1, window: Int = 1) {
    guard needed >= 1, needed <= window, window <= Self.historyMax, output >= 0 else { return nil }
    self.judgement = judgement
    self.output = output
    self.needed = needed
    self.window = window
  }
}

/// What was decided of one item.
public struct Decision: Sendable, Equatable {
  /// The class; nil where none reached its threshold, and for a reconstruction.
  public var topClass: Int?
  /// The largest element, or the reconstruction's summed squares.
  public var score: Int64
  /// True where this item alone would raise the alarm.
  public var isHit: Bool
  /// True where enough of the last items would.
  public var isAlarm: Bool

  /// Creates a decision.
  public init(topClass: Int?, score: Int64, isHit: Bool, isAlarm: Bool) {
    self.topClass = topClass
    self.score = score
    self.isHit = isHit
    self.isAlarm = isAlarm
  }
}

/// Decides item after item. All memory is taken when it is made.
public struct Decider: Sendable {
  /// The rule.
  public let rule: DecisionRule
  private let outputZeroPoint: Int32
  private let inputZeroPoint: Int32
  private var kept: [UInt8]
  /// The last items, the latest in bit 0: whether they were hits.
  private var history: UInt64 = 0

  /// Creates a decider that has seen nothing.
  ///
  /// - Parameters:
  ///   - outputZeroPoint: of the output the rule reads.
  ///   - inputZeroPoint: of the input a reconstruction repeats; 0 for other rules.
  ///   - elements: of that input; 0 for other rules.
  public init(
    _ rule: DecisionRule, outputZeroPoint: Int32, inputZeroPoint: Int32 = 0, elements: Int = 0
  ) {
    self.rule = rule
    self.outputZeroPoint = outputZeroPoint
    self.inputZeroPoint = inputZeroPoint
    kept = [UInt8](repeating: 0, count: elements)
  }

  /// Keeps that input's bytes.
  public mutating func keep(_ bytes: UnsafeRawBufferPointer) {
    for position in 0..<min(kept.count, bytes.count) { kept[position] = bytes[position] }
  }

  /// Decides by the bytes of the rule's output.
  public mutating func decide(_ output: UnsafeRawBufferPointer) -> Decision {
    var topClass: Int?
    let score: Int64
    let isHit: Bool
    switch rule.judgement {
    case .topClass(let thresholds, let alarms):
      var best = 0
      for position in 0..<output.count
      where Int8(bitPattern: output[position]) > Int8(bitPattern: output[best]) { best = position }
      let level = Int32(Int8(bitPattern: output[best]))
      if best < thresholds.count, level >= thresholds[best] { topClass = best }
      score = Int64(level)
      isHit = topClass.map { alarms.contains($0) } ?? false
    case .reconstruction(let error, _, let threshold):
      let sum = kept.withUnsafeBytes { input in
        error.sum(
          input: input, inputZeroPoint: inputZeroPoint, output: output,
          outputZeroPoint: outputZeroPoint)
      }
      score = Int64(sum)
      isHit = sum > threshold
    }
    history = history &<< 1 | (isHit ? 1 : 0)
    let mask = rule.window == 64 ? UInt64.max : 1 &<< UInt64(rule.window) &- 1
    let isAlarm = (history & mask).nonzeroBitCount >= rule.needed
    return Decision(topClass: topClass, score: score, isHit: isHit, isAlarm: isAlarm)
  }

  /// Forgets what it has seen.
  public mutating func reset() { history = 0 }
}

/// Squared distance of an output from the input it should repeat, in integers.
///
/// Both are brought to one unit, the larger of the two scales over 4096:
/// Σ ((input − zero) · inputWeight − (output − zero) · outputWeight)², one weight being 4096 and the
/// other the nearest integer to the scales' ratio of it.
public struct ReconstructionError: Sendable, Equatable {
  /// The larger weight.
  public static let weightMax: Int32 = 4096
  /// Most elements: 2^20 squares of 22-bit differences stay below 2^63.
  public static let elementsMax = 1 << 20

  /// Units of a step of the input.
  public let inputWeight: Int32
  /// Units of a step of the output.
  public let outputWeight: Int32

  /// Creates an error of given weights; nil unless both are 0…4096 and one is 4096.
  public init?(inputWeight: Int32, outputWeight: Int32) {
    let range = 0...Self.weightMax
    guard range.contains(inputWeight), range.contains(outputWeight),
      max(inputWeight, outputWeight) == Self.weightMax
    else { return nil }
    self.inputWeight = inputWeight
    self.outputWeight = outputWeight
  }

  /// The weights of two positive scales.
  public init(inputScale: Float, outputScale: Float) {
    let larger = max(inputScale, outputScale)
    let unit = Float(Self.weightMax)
    inputWeight = Int32((inputScale / larger * unit).rounded(.toNearestOrAwayFromZero))
    outputWeight = Int32((outputScale / larger * unit).rounded(.toNearestOrAwayFromZero))
  }

  /// Summed squares, in units².
  public func sum(
    input: UnsafeRawBufferPointer, inputZeroPoint: Int32, output: UnsafeRawBufferPointer,
    outputZeroPoint: Int32
  ) -> UInt64 {
    var sum: UInt64 = 0
    for position in 0..<min(input.count, output.count) {
      let expected = (Int32(Int8(bitPattern: input[position])) &- inputZeroPoint) &* inputWeight
      let got = (Int32(Int8(bitPattern: output[position])) &- outputZeroPoint) &* outputWeight
      let difference = Int64(expected &- got)
      sum &+= UInt64(bitPattern: difference &* difference)
    }
    return sum
  }

  /// The mean squared error that summed squares are, in the values' own units.
  public func mean(_ sum: UInt64, elements: Int, inputScale: Float, outputScale: Float) -> Double {
    let unit = Double(max(inputScale, outputScale)) / Double(Self.weightMax)
    return Double(sum) * unit * unit / Double(max(elements, 1))
  }
}
