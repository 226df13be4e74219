/// Finds the boxes of item after item. All memory is taken when it is made.
public struct BoxDecoder: Sendable {
  /// The rule.
  public let rule: BoxRule
  /// Boxes of a class by falling score, equal ones by their number.
  private var order: [Int32]
  /// How many boxes have a level at least that high, then where each level's boxes begin.
  private var starts: [Int32]
  private var kept: [Detection]
  private var found: [Detection]
  /// Detections of the last item: the first of `found`.
  private var foundCount = 0

  /// Creates a decoder by a rule without a fault.
  public init(_ rule: BoxRule) {
    self.rule = rule
    order = [Int32](repeating: 0, count: rule.count)
    starts = [Int32](repeating: 0, count: 257)
    kept = [Detection](repeating: .none, count: rule.perClass)
    found = [Detection](repeating: .none, count: rule.detections)
  }

  /// The detections of the last item, by falling score; equal ones by class, then by number.
  public var detections: ArraySlice<Detection> { found[0..<foundCount] }

  /// Finds the boxes of an item.
  ///
  /// Of each class, boxes are taken by falling score, equal ones by their number, unless they overlap
  /// one that was taken; then the best of all classes are kept.
  ///
  /// - Parameters:
  ///   - boxes: the bytes of the output with coordinates.
  ///   - scores: those of the output with scores.
  public mutating func decode(boxes: UnsafeRawBufferPointer, scores: UnsafeRawBufferPointer) {
    foundCount = 0
    guard rule.isClassWise else {
      suppress(nil, boxes, scores)
      return
    }
    for number in rule.firstClass..<rule.classes { suppress(number, boxes, scores) }
  }

  private mutating func suppress(
    _ number: Int?, _ boxes: UnsafeRawBufferPointer, _ scores: UnsafeRawBufferPointer
  ) {
    let candidates = sort(number, scores)
    var keptCount = 0
    for place in 0..<candidates {
      let box = Int(order[place])
      let best = best(of: box, number, scores)
      if foundCount == rule.detections, best.level <= found[foundCount &- 1].level { return }
      let candidate = detection(box, best.topClass, best.level, boxes)
      var isTaken = true
      for other in 0..<keptCount where candidate.overlaps(kept[other], more: rule.overlap) {
        isTaken = false
        break
      }
      guard isTaken else { continue }
      kept[keptCount] = candidate
      keptCount &+= 1
      insert(candidate)
      if keptCount == rule.perClass { return }
    }
  }

  /// Puts the boxes that reach the threshold in order and says how many they are.
  private mutating func sort(_ number: Int?, _ scores: UnsafeRawBufferPointer) -> Int {
    for level in starts.indices { starts[level] = 0 }
    // Levels fall: 127 is at 0.
    for box in 0..<rule.count {
      let level = best(of: box, number, scores).level
      if level >= rule.threshold { starts[Int(127 &- level) &+ 1] &+= 1 }
    }
    for place in 1..<257 { starts[place] &+= starts[place &- 1] }
    let total = Int(starts[256])
    for box in 0..<rule.count {
      let level = best(of: box, number, scores).level
      guard level >= rule.threshold else { continue }
      order[Int(starts[Int(127 &- level)])] = Int32(truncatingIfNeeded: box)
      starts[Int(127 &- level)] &+= 1
    }
    return total
  }

  /// A class's level, or the class of the largest with it, the first of equals.
  private func best(
    of box: Int, _ number: Int?, _ scores: UnsafeRawBufferPointer
  ) -> (topClass: Int, level: Int32) {
    let start = rule.scores.first &+ box &* rule.scores.stride
    if let number { return (number, level(scores, start &+ number &* rule.scores.step)) }
    var best = (topClass: rule.firstClass, level: Int32(-129))
    for number in rule.firstClass..<rule.classes {
      let level = level(scores, start &+ number &* rule.scores.step)
      if level > best.level { best = (number, level) }
    }
    return best
  }

  private func level(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int32 {
    Int32(Int8(bitPattern: bytes[position]))
  }

  private func detection(
    _ box: Int, _ number: Int, _ level: Int32, _ bytes: UnsafeRawBufferPointer
  ) -> Detection {
    let first = edges(box, axis: 0, bytes)
    let second = edges(box, axis: 1, bytes)
    let (x, y) = rule.isXFirst ? (first, second) : (second, first)
    return Detection(
      topClass: number, level: level, box: box, top: y.low, left: x.low, bottom: y.high,
      right: x.high)
  }

  /// The lower and the upper edge on an axis.
  private func edges(
    _ box: Int, axis: Int, _ bytes: UnsafeRawBufferPointer
  ) -> (low: Int32, high: Int32) {
    let start = rule.boxes.first &+ box &* rule.boxes.stride
    func value(_ element: Int) -> Int64 {
      let level = level(bytes, start &+ element &* rule.boxes.step)
      return Int64(rule.tables[element &* 256 &+ Int(level &+ 128)])
    }
    let (one, two) = (value(axis), value(axis &+ 2))
    switch rule.form {
    case .corners:
      return (Self.held(min(one, two)), Self.held(max(one, two)))
    case .centre:
      return Self.around(one, size: two)
    case .anchors:
      let size = Int64(rule.anchors[box &* 4 &+ axis &+ 2])
      let centre = Int64(rule.anchors[box &* 4 &+ axis]) &+ Self.scaled(one, by: size)
      return Self.around(centre, size: Self.scaled(two, by: size))
    }
  }

  /// value · factor / 2^16, to the nearest, halves up.
  private static func scaled(_ value: Int64, by factor: Int64) -> Int64 {
    (value &* factor &+ 0x8000) &>> 16
  }

  private static func around(_ centre: Int64, size: Int64) -> (low: Int32, high: Int32) {
    let size = max(size, 0)
    let low = centre &- size &>> 1
    return (held(low), held(low &+ size))
  }

  private static func held(_ value: Int64) -> Int32 {
    Int32(truncatingIfNeeded: min(max(value, -BoxRule.reach), BoxRule.reach))
  }

  /// Inserts behind all of its level or above; the last falls out where there are too many.
  private mutating func insert(_ detection: Detection) {
    var place = foundCount
    while place > 0, found[place &- 1].level < detection.level { place &-= 1 }
    guard place < rule.detections else { return }
    var last = min(foundCount, rule.detections &- 1)
    while last > place {
      found[last] = found[last &- 1]
      last &-= 1
    }
    found[place] = detection
    foundCount = min(foundCount &+ 1, rule.detections)
  }
}
