import PlanFormat

/// A walk over at most six axes of one or two tensors, in order, without memory of its own. Missing
/// axes have size 1; a step of 0 stays where it is.
struct AxisWalk {
  private var sizes = SIMD8<Int32>(repeating: 1)
  private var steps = SIMD8<Int32>(repeating: 0)
  private var companionSteps = SIMD8<Int32>(repeating: 0)
  private var axes = 0

  /// Adds an axis inside those there are. One that continues the last is merged with it.
  mutating func append(_ size: Int, step: Int, companion: Int = 0) {
    let (size, step, companion) = (Int32(size), Int32(step), Int32(companion))
    if size == 1 { return }
    let last = PlanLimits.rank - 1
    if axes > 0, steps[last] == size &* step, companionSteps[last] == size &* companion {
      sizes[last] &*= size
    } else {
      for axis in 0..<last {
        sizes[axis] = sizes[axis + 1]
        steps[axis] = steps[axis + 1]
        companionSteps[axis] = companionSteps[axis + 1]
      }
      sizes[last] = size
      axes += 1
    }
    steps[last] = step
    companionSteps[last] = companion
  }

  /// Calls `body` with the offset into each tensor.
  @inline(__always)
  func forEach(_ body: (Int, Int) -> Void) {
    for a in 0..<sizes[0] {
      for b in 0..<sizes[1] {
        for c in 0..<sizes[2] {
          for d in 0..<sizes[3] {
            let outer = a &* steps[0] &+ b &* steps[1] &+ c &* steps[2] &+ d &* steps[3]
            let companionOuter =
              a &* companionSteps[0] &+ b &* companionSteps[1] &+ c &* companionSteps[2]
              &+ d &* companionSteps[3]
            for e in 0..<sizes[4] {
              var offset = Int(outer &+ e &* steps[4])
              var companion = Int(companionOuter &+ e &* companionSteps[4])
              for _ in 0..<sizes[5] {
                body(offset, companion)
                offset &+= Int(steps[5])
                companion &+= Int(companionSteps[5])
              }
            }
          }
        }
      }
    }
  }

  /// Steps of a row-major tensor.
  static func steps(_ shape: [Int]) -> [Int] {
    var steps = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      steps[axis] = steps[axis + 1] * shape[axis + 1]
    }
    return steps
  }
}
