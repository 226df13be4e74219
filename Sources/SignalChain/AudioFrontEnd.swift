/// Sound to rows of features, in integers only: frame, window, Fourier transform, mel bands,
/// logarithm, cosine transform. All tables are made by integer code and all memory is taken when it
/// is made; samples are taken without heap.
public struct AudioFrontEnd: Sendable {
  /// Fraction bits of a feature: real = feature / 2^16.
  public static let fractionBits = 16

  /// The rule.
  public let rule: AudioRule
  /// The last row: natural logarithms of the bands, or their coefficients, times 2^16.
  public private(set) var features: [Int32]
  /// The window times 2^30.
  private let window: [Int32]
  private let mel: MelBands
  /// cos(π·k·(n + ½)/bands) · √(2/bands) · 2^30, coefficient after coefficient.
  private let cepstrum: [Int32]
  private var transform: RealTransform
  private var samples: [Int16]
  private var filled = 0
  private var frame: [Int32]
  private var energies: [UInt64]
  private var logarithms: [Int32]

  /// Creates a front end; nil for a rule with a fault.
  public init?(_ rule: AudioRule) {
    guard rule.fault == nil else { return nil }
    self.rule = rule
    features = [Int32](repeating: 0, count: rule.features)
    window = (0..<rule.frame).map { Self.windowLevel($0, rule) }
    mel = MelBands(rule)
    cepstrum = Self.cepstrumTable(rule)
    transform = RealTransform(length: rule.transform)
    samples = [Int16](repeating: 0, count: rule.frame)
    frame = [Int32](repeating: 0, count: rule.transform)
    energies = [UInt64](repeating: 0, count: rule.bands)
    logarithms = [Int32](repeating: 0, count: rule.bands)
  }

  private static func windowLevel(_ index: Int, _ rule: AudioRule) -> Int32 {
    let cosine = Int64(FixedMath.cosine(UInt64(index), of: UInt64(rule.frame)))
    switch rule.window {
    case .rectangular: return 1 << 30
    case .hann: return Int32((1 << 30 - cosine + 1) >> 1)
    // 0.54 and 0.46 times 2^30, to the nearest.
    case .hamming: return Int32(579_820_585 - (493_921_239 * cosine + 1 << 29) >> 30)
    }
  }

  private static func cepstrumTable(_ rule: AudioRule) -> [Int32] {
    let bands = UInt64(rule.bands)
    let scale = Int64(FixedMath.squareRoot((1 << 61) / bands))
    var table: [Int32] = []
    for coefficient in 0..<UInt64(rule.coefficients) {
      for band in 0..<bands {
        let part = coefficient * (2 * band + 1) % (4 * bands)
        let cosine = Int64(FixedMath.cosine(part, of: 4 * bands))
        table.append(Int32((cosine * scale + 1 << 29) >> 30))
      }
    }
    return table
  }

  /// Takes a sample.
  ///
  /// - Returns: true when a row is due: `features` holds it.
  public mutating func append(_ sample: Int16) -> Bool {
    samples[filled] = sample
    filled += 1
    guard filled == rule.frame else { return false }
    makeRow()
    filled = rule.frame - rule.hop
    for index in 0..<filled { samples[index] = samples[index + rule.hop] }
    return true
  }

  /// Forgets every sample.
  public mutating func reset() { filled = 0 }

  private mutating func makeRow() {
    // A sample times 2^14: 29 bits, so that rounding in the transform is far below a sample's step.
    for index in 0..<rule.frame {
      let product = Int64(samples[index]) &* Int64(window[index])
      frame[index] = Int32(truncatingIfNeeded: (product &+ 1 &<< 15) &>> 16)
    }
    let exponent = frame.withUnsafeBufferPointer { transform.run($0) }
    for band in 0..<rule.bands { energies[band] = 0 }
    for bin in mel.firstBin..<mel.firstBin + mel.bands.count { addBin(bin, exponent) }
    for band in 0..<rule.bands {
      let level = FixedMath.logarithm(energies[band] &+ UInt64(rule.offset)) &- 30 &<< 24
      // 24 and 30 fraction bits to 16.
      logarithms[band] = Int32(
        truncatingIfNeeded: (level &* FixedMath.naturalOfTwo &+ 1 &<< 37) &>> 38)
    }
    guard rule.coefficients > 0 else {
      for band in 0..<rule.bands { features[band] = logarithms[band] }
      return
    }
    for coefficient in 0..<rule.coefficients {
      var sum: Int64 = 0
      let start = coefficient &* rule.bands
      for band in 0..<rule.bands {
        sum &+= Int64(cepstrum[start &+ band]) &* Int64(logarithms[band])
      }
      features[coefficient] = Int32(truncatingIfNeeded: (sum &+ 1 &<< 29) &>> 30)
    }
  }

  /// Shares a bin among the two bands it lies in.
  private mutating func addBin(_ bin: Int, _ exponent: Int) {
    let (a, b) = (Int64(transform.real[bin]), Int64(transform.imaginary[bin]))
    let square = UInt64(bitPattern: a &* a &+ b &* b)
    // Full scale is 2^15 samples of 2^14 steps; a level of 1 is 2^30.
    let level: UInt64
    switch rule.spectrum {
    case .magnitude:
      level = FixedMath.squareRoot(square) &<< UInt64(exponent &+ 1)
    case .power:
      let shift = 28 &- 2 &* exponent
      level = shift > 0 ? square &>> UInt64(shift) : square &<< UInt64(0 &- shift)
    }
    let band = mel.bands[bin - mel.firstBin]
    let rising = mel.weights[bin - mel.firstBin]
    if band < rule.bands { energies[band] &+= FixedMath.product(level, rising, shift: 30) }
    if band > 0 { energies[band - 1] &+= FixedMath.product(level, 1 &<< 30 &- rising, shift: 30) }
  }
}

/// Triangular bands whose edges are evenly spaced on the mel scale: a bin rises in one band while it
/// falls in the one before. The constant component is in no band.
struct MelBands: Sendable {
  /// The first bin in any band.
  private(set) var firstBin = 1
  /// The band each bin rises in, from `firstBin` on; the number of bands where it only falls.
  private(set) var bands: [Int] = []
  /// How far it has risen, times 2^30.
  private(set) var weights: [UInt64] = []

  init(_ rule: AudioRule) {
    let low = Self.scale(UInt64(700 + rule.low), over: 700)
    let span = Self.scale(UInt64(700 + rule.high), over: 700) - low
    let points = UInt64(rule.transform)
    for bin in 1...rule.transform / 2 {
      let scale = Self.scale(700 * points + UInt64(bin * rule.rate), over: 700 * points)
      let place = (scale - low) * Int64(rule.bands + 1)
      guard place >= 0, place < span * Int64(rule.bands + 1) else {
        if bands.isEmpty { firstBin = bin + 1 }
        continue
      }
      bands.append(Int(place / span))
      weights.append((UInt64(place % span) << 30) / UInt64(span))
    }
  }

  /// log₂ of a ratio times 2^24: a constant factor of the mel scale cancels.
  private static func scale(_ value: UInt64, over whole: UInt64) -> Int64 {
    FixedMath.logarithm((value << 32) / whole) - 32 << 24
  }
}

extension AudioFrontEnd {
  /// All rows of a recording as reals, row after row: what the same samples give one by one.
  public static func rows(of samples: [Int16], _ rule: AudioRule) -> [Float] {
    guard var frontEnd = AudioFrontEnd(rule) else { return [] }
    var rows: [Float] = []
    rows.reserveCapacity(rule.rows(in: samples.count) * rule.features)
    for sample in samples where frontEnd.append(sample) {
      for feature in frontEnd.features { rows.append(real(feature)) }
    }
    return rows
  }

  /// The real that a feature is; exact up to 2^24 steps.
  public static func real(_ feature: Int32) -> Float { Float(feature) / Float(1 << fractionBits) }
}
