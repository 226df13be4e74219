import ModelGraph

/// SplitMix64 (Steele, Lea & Flood 2014) and the values tests draw from it; failures print the seed.
struct SeededValues: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  mutating func floats(_ shape: [Int], in range: ClosedRange<Float> = -2...2) -> TensorData {
    let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: range, using: &self) }
    return TensorData(shape: shape, floats: values)
  }

  mutating func int8s(_ shape: [Int]) -> TensorData {
    let values = (0..<shape.reduce(1, *)).map { _ in Int8.random(in: -127...127, using: &self) }
    return TensorData(shape: shape, elements: .int8(values))
  }
}

/// The value of a float tensor at an index of its shape; nil outside.
func element(_ tensor: TensorData, _ index: [Int]) -> Double? {
  var offset = 0
  for (position, size) in zip(index, tensor.shape) {
    guard (0..<size).contains(position) else { return nil }
    offset = offset * size + position
  }
  return tensor.floats.map { Double($0[offset]) }
}

/// Largest difference between a float tensor and a function of its indices, over 1 + |expected|.
func largestError(_ tensor: TensorData, against expected: ([Int]) -> Double) -> Double {
  var index = [Int](repeating: 0, count: tensor.shape.count)
  var worst = 0.0
  for value in tensor.floats ?? [.infinity] {
    let want = expected(index)
    worst = max(worst, abs(Double(value) - want) / (1 + abs(want)))
    for axis in index.indices.reversed() {
      index[axis] += 1
      if index[axis] < tensor.shape[axis] { break }
      index[axis] = 0
    }
  }
  return worst
}
