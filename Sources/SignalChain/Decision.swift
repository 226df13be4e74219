/// What an application wants of a model's output: integers only, so that every CPU decides alike.
public struct DecisionRule: Sendable, Equatable {
  /// Most recent items a debounced alarm looks at.
  public static let historyMax = 64

  /// How one item is judged.
  public enum Judgement: Sendable, Equatable {
    /// The class of the largest element, the first of equals, where it reaches its class's threshold:
    /// one of the output's integers, or the one above all, which is never reached. `alarms` lists
    /// classes that raise an alarm, ascending.
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
  private let output: LevelFormat
  private let input: LevelFormat
  private var kept: [UInt8]
  /// The last items, the latest in bit 0: whether they were hits.
  private var history: UInt64 = 0

  /// Creates a decider that has seen nothing.
  ///
  /// - Parameters:
  ///   - output: how the output the rule reads lies.
  ///   - input: how the input a reconstruction repeats lies; any for other rules.
  ///   - inputBytes: of that input; 0 for other rules.
  public init(
    _ rule: DecisionRule, output: LevelFormat, input: LevelFormat = LevelFormat(zeroPoint: 0),
    inputBytes: Int = 0
  ) {
    self.rule = rule
    self.output = output
    self.input = input
    kept = [UInt8](repeating: 0, count: inputBytes)
  }

  /// Keeps that input's bytes.
  public mutating func keep(_ bytes: UnsafeRawBufferPointer) {
    for position in 0..<min(kept.count, bytes.count) { kept[position] = bytes[position] }
  }

  /// Decides by the bytes of the rule's output.
  public mutating func decide(_ bytes: UnsafeRawBufferPointer) -> Decision {
    let levels = Levels(bytes, output)
    var topClass: Int?
    let score: Int64
    let isHit: Bool
    switch rule.judgement {
    case .topClass(let thresholds, let alarms):
      var best = 0
      for position in 0..<levels.count where levels[position] > levels[best] { best = position }
      let level = levels[best]
      if best < thresholds.count, level >= thresholds[best] { topClass = best }
      score = Int64(level)
      isHit = topClass.map { alarms.contains($0) } ?? false
    case .reconstruction(let error, _, let threshold):
      let sum = kept.withUnsafeBytes { kept in
        error.sum(
          input: Levels(kept, input), zeroPoint: input.zeroPoint, output: levels,
          zeroPoint: output.zeroPoint)
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
/// Both are brought to one unit, the larger of the two scales over 2^12, or over 2^20 where one of the
/// two is int16: Σ ((input − zero) · inputWeight − (output − zero) · outputWeight)², one weight being
/// that power and the other the nearest integer to the scales' ratio of it.
public struct ReconstructionError: Sendable, Equatable {
  /// What the larger weight may be.
  public static let units: [Int32] = [1 << 12, 1 << 20]
  /// Most elements: 2^20 squares of the 22-bit differences of int8 stay below 2^63. Those of int16
  /// may be larger: their sum stops there.
  public static let elementsMax = 1 << 20

  /// Units of a step of the input.
  public let inputWeight: Int32
  /// Units of a step of the output.
  public let outputWeight: Int32

  /// Creates an error of given weights; nil unless neither is negative and the larger is a unit's.
  public init?(inputWeight: Int32, outputWeight: Int32) {
    guard min(inputWeight, outputWeight) >= 0,
      Self.units.contains(max(inputWeight, outputWeight))
    else { return nil }
    self.inputWeight = inputWeight
    self.outputWeight = outputWeight
  }

  /// The weights of two positive scales; `isWide` where one is of int16.
  public init(inputScale: Float, outputScale: Float, isWide: Bool) {
    let larger = max(inputScale, outputScale)
    let unit = Float(Self.units[isWide ? 1 : 0])
    inputWeight = Int32((inputScale / larger * unit).rounded(.toNearestOrAwayFromZero))
    outputWeight = Int32((outputScale / larger * unit).rounded(.toNearestOrAwayFromZero))
  }

  /// Summed squares, in units²; at most the largest of Int64.
  public func sum(
    input: Levels, zeroPoint inputZeroPoint: Int32, output: Levels,
    zeroPoint outputZeroPoint: Int32
  ) -> UInt64 {
    let largest = UInt64(Int64.max)
    var sum: UInt64 = 0
    for position in 0..<min(input.count, output.count) {
      // Levels less zero points have 17 bits at most, differences 38.
      let expected = Int64(input[position] &- inputZeroPoint) &* Int64(inputWeight)
      let got = Int64(output[position] &- outputZeroPoint) &* Int64(outputWeight)
      let difference = (expected &- got).magnitude
      sum = difference >> 31 == 0 ? min(sum &+ difference &* difference, largest) : largest
    }
    return sum
  }

  /// The mean squared error that summed squares are, in the values' own units.
  public func mean(_ sum: UInt64, elements: Int, inputScale: Float, outputScale: Float) -> Double {
    let unit = Double(max(inputScale, outputScale)) / Double(max(inputWeight, outputWeight))
    return Double(sum) * unit * unit / Double(max(elements, 1))
  }
}
