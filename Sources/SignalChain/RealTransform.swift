/// The discrete Fourier transform of real numbers, in int32 with one exponent for the block.
///
/// X[k] = Σ x[n] · e^(−2πi·kn/N) for k = 0…N/2, N a power of two: a complex transform of half the
/// length (radix 2, decimation in time), then the split of its even and odd parts. Before each stage
/// the block is halved as often as the stage could overflow; twiddles have 30 bits, products 62.
struct RealTransform: Sendable {
  /// N.
  let length: Int
  /// cos and −sin of 2π·k/N, k < N/2, times 2^30.
  private let cosines: [Int32]
  private let sines: [Int32]
  /// Real and imaginary parts of the work, N/2 + 1 each; the result after `run`.
  private(set) var real: [Int32]
  private(set) var imaginary: [Int32]

  /// Makes the tables. `length` is a power of two, at least 4.
  init(length: Int) {
    self.length = length
    cosines = (0..<length / 2).map { FixedMath.cosine(UInt64($0), of: UInt64(length)) }
    sines = (0..<length / 2).map { -FixedMath.sine(UInt64($0), of: UInt64(length)) }
    real = [Int32](repeating: 0, count: length / 2 + 1)
    // Not a copy: it would share its memory until the first write.
    imaginary = [Int32](repeating: 0, count: length / 2 + 1)
  }

  /// Transforms N numbers below 2^30 in magnitude.
  ///
  /// - Returns: the exponent: X[k] is `real[k]` and `imaginary[k]` times 2^exponent.
  mutating func run(_ values: UnsafeBufferPointer<Int32>) -> Int {
    let half = length / 2
    let bits = half.trailingZeroBitCount
    for index in 0..<half {
      let target = Self.reversed(index, bits)
      real[target] = values[2 * index]
      imaginary[target] = values[2 * index + 1]
    }
    var exponent = 0
    var span = 1
    while span < half {
      exponent += makeRoom()
      stage(span)
      span *= 2
    }
    exponent += makeRoom()
    split()
    return exponent
  }

  private static func reversed(_ index: Int, _ bits: Int) -> Int {
    var (rest, result) = (index, 0)
    for _ in 0..<bits {
      result = result &<< 1 | rest & 1
      rest = rest &>> 1
    }
    return result
  }

  /// Halves the block until every part is below 2^29: a stage makes them at most 1 + √2 times as
  /// large.
  private mutating func makeRoom() -> Int {
    var largest: UInt32 = 0
    for index in 0..<length / 2 {
      largest = max(largest, real[index].magnitude, imaginary[index].magnitude)
    }
    var shift: Int32 = 0
    while largest &>> UInt32(shift) >= 1 &<< 29 { shift &+= 1 }
    guard shift > 0 else { return 0 }
    let nudge: Int32 = 1 &<< (shift &- 1)
    for index in 0..<length / 2 {
      real[index] = (real[index] &+ nudge) &>> shift
      imaginary[index] = (imaginary[index] &+ nudge) &>> shift
    }
    return Int(shift)
  }

  private mutating func stage(_ span: Int) {
    let half = length / 2
    let step = half / span
    for offset in 0..<span {
      let (c, s) = (Int64(cosines[offset * step]), Int64(sines[offset * step]))
      var index = offset
      while index < half {
        let other = index + span
        let (x, y) = (Int64(real[other]), Int64(imaginary[other]))
        let rotated = Self.rounded(x &* c &- y &* s)
        let turned = Self.rounded(x &* s &+ y &* c)
        let (a, b) = (real[index], imaginary[index])
        real[index] = a &+ rotated
        imaginary[index] = b &+ turned
        real[other] = a &- rotated
        imaginary[other] = b &- turned
        index = other + span
      }
    }
  }

  /// A product of 60 fraction bits to 30, halves upwards.
  @inline(__always)
  private static func rounded(_ product: Int64) -> Int32 {
    Int32(truncatingIfNeeded: (product &+ 1 &<< 29) &>> 30)
  }

  /// X[k] = (Z[k] + Z̄[M−k])/2 − i·e^(−2πik/N)·(Z[k] − Z̄[M−k])/2, M = N/2, for k and M − k at once.
  private mutating func split() {
    let half = length / 2
    real[half] = real[0]
    imaginary[half] = imaginary[0]
    for index in 0...half / 2 {
      let mirror = half - index
      let (a, b) = (Int64(real[index]), Int64(imaginary[index]))
      let (c, d) = (Int64(real[mirror]), Int64(imaginary[mirror]))
      let (evenReal, evenImaginary) = (a &+ c, b &- d)
      let (oddReal, oddImaginary) = (b &+ d, c &- a)
      let (cosine, sine) = (Int64(cosines[index]), Int64(sines[index]))
      let x = oddReal &* cosine &- oddImaginary &* sine
      let y = oddReal &* sine &+ oddImaginary &* cosine
      real[index] = Self.halved(evenReal, x)
      imaginary[index] = Self.halved(evenImaginary, y)
      real[mirror] = Self.halved(evenReal, 0 &- x)
      imaginary[mirror] = Self.halved(0 &- evenImaginary, y)
    }
  }

  /// (whole + product / 2^30) / 2, halves upwards.
  @inline(__always)
  private static func halved(_ whole: Int64, _ product: Int64) -> Int32 {
    Int32(truncatingIfNeeded: (whole &<< 30 &+ product &+ 1 &<< 30) &>> 31)
  }
}
