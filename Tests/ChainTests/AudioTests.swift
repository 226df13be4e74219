import Foundation
import SignalChain
import Testing
import Wire

/// Sound to features in integers, against the definitions in double precision.
@Suite("audio") struct AudioTests {
  private static func rule(
    window: AudioRule.Window = .hann, spectrum: AudioRule.Spectrum = .magnitude,
    frame: Int = 480, hop: Int = 320, transform: Int = 512, coefficients: Int = 10,
    bands: Int = 40
  ) -> AudioRule {
    AudioRule(
      rate: 16_000, frame: frame, hop: hop, transform: transform, window: window,
      spectrum: spectrum, bands: bands, low: 20, high: 4000, offset: 1074,
      coefficients: coefficients)
  }

  /// A gliding tone with an overtone and noise, at a level.
  private static func sound(_ count: Int, level: Double, seed: UInt64) -> [Int16] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { index in
      let time = Double(index) / 16_000
      let phase = 2 * Double.pi * (300 * time + 900 * time * time)
      let value = 0.6 * sin(phase) + 0.25 * sin(2.7 * phase) + 0.1 * (random.unit() - 0.5)
      return Int16((value * level * 32_767).rounded())
    }
  }

  /// The definition: every step in Double, the transform as the sum it is.
  private static func reference(_ samples: [Int16], _ rule: AudioRule) -> [Double] {
    func mel(_ hertz: Double) -> Double { log(1 + hertz / 700) }
    let (low, high) = (mel(Double(rule.low)), mel(Double(rule.high)))
    let points = rule.transform
    var rows: [Double] = []
    for row in 0..<rule.rows(in: samples.count) {
      var levels = [Double](repeating: 0, count: points / 2 + 1)
      for bin in 0...points / 2 {
        var (real, imaginary) = (0.0, 0.0)
        for n in 0..<rule.frame {
          let turn = 2 * Double.pi * Double(n) / Double(rule.frame)
          let weight: Double =
            switch rule.window {
            case .rectangular: 1
            case .hann: 0.5 - 0.5 * cos(turn)
            case .hamming: 0.54 - 0.46 * cos(turn)
            }
          let value = Double(samples[row * rule.hop + n]) / 32_768 * weight
          let angle = 2 * Double.pi * Double(bin * n % points) / Double(points)
          real += value * cos(angle)
          imaginary -= value * sin(angle)
        }
        let square = real * real + imaginary * imaginary
        levels[bin] = rule.spectrum == .power ? square : square.squareRoot()
      }
      let logarithms = (0..<rule.bands).map { band -> Double in
        func edge(_ index: Int) -> Double {
          low + (high - low) * Double(index) / Double(rule.bands + 1)
        }
        var sum = 0.0
        for bin in 1...points / 2 {
          let place = mel(Double(bin * rule.rate) / Double(points))
          let rising = (place - edge(band)) / (edge(band + 1) - edge(band))
          let falling = (edge(band + 2) - place) / (edge(band + 2) - edge(band + 1))
          sum += levels[bin] * max(0, min(rising, falling))
        }
        return log(sum + Double(rule.offset) / 0x1p30)
      }
      guard rule.coefficients > 0 else {
        rows += logarithms
        continue
      }
      for coefficient in 0..<rule.coefficients {
        let sum = logarithms.enumerated().reduce(0.0) { total, entry in
          let angle = Double.pi * Double(coefficient) * (Double(entry.offset) + 0.5)
          return total + entry.element * cos(angle / Double(rule.bands))
        }
        rows.append(sum * (2 / Double(rule.bands)).squareRoot())
      }
    }
    return rows
  }

  private static func decibels(_ expected: [Double], _ got: [Float]) -> Double {
    var (signal, noise) = (0.0, 0.0)
    for (x, y) in zip(expected, got) {
      signal += x * x
      noise += (x - Double(y)) * (x - Double(y))
    }
    return 10 * log10(signal / max(noise, 1e-300))
  }

  /// Loud, quiet and whispering; every window, both spectra, cepstrum and logarithms.
  @Test(arguments: [
    (rule(), 0.9, 90.0), (rule(), 0.01, 80), (rule(), 0.0005, 70),
    (rule(window: .hamming, spectrum: .power), 0.5, 90),
    (rule(window: .rectangular, coefficients: 0), 0.5, 90),
    (rule(frame: 400, hop: 160, transform: 1024, coefficients: 13, bands: 26), 0.3, 90),
    (rule(spectrum: .power, coefficients: 0), 0.05, 80),
    (rule(frame: 64, hop: 64, transform: 64, coefficients: 4, bands: 8), 0.5, 90),
  ])
  func errorAgainstTheDefinition(rule: AudioRule, level: Double, floor: Double) throws {
    let samples = Self.sound(1600, level: level, seed: 5)
    let rows = AudioFrontEnd.rows(of: samples, rule)
    let expected = Self.reference(samples, rule)
    try #require(rows.count == expected.count && !rows.isEmpty)
    let decibels = Self.decibels(expected, rows)
    #expect(decibels > floor, "\(decibels) dB")
  }

  /// Full-scale square waves overflow nothing; silence is the offset's logarithm. At period 1 all is at
  /// half the rate and the bands are empty: the block's rounding, 120 dB below, beside the offset.
  @Test func extremes() throws {
    for rule in [Self.rule(), Self.rule(window: .rectangular, spectrum: .power, coefficients: 0)] {
      for period in [1, 2, 7, 32, 480] {
        let square = (0..<1600).map { $0 / period % 2 == 0 ? Int16.max : Int16.min }
        let decibels = Self.decibels(
          Self.reference(square, rule), AudioFrontEnd.rows(of: square, rule))
        #expect(decibels > 50, "period \(period): \(decibels) dB")
      }
    }
    let silence = [Int16](repeating: 0, count: 480)
    let rows = AudioFrontEnd.rows(of: silence, Self.rule(coefficients: 0))
    let level = Float(log(1074 / 0x1p30))
    #expect(rows.allSatisfy { abs($0 - level) < 2e-5 })
  }

  /// Sample by sample, in pieces, or after a reset: the same rows; as many as the rule says.
  @Test func samplesComeAsTheyCome() throws {
    let rule = Self.rule(frame: 100, hop: 30, transform: 128, coefficients: 5)
    let samples = Self.sound(1000, level: 0.5, seed: 9)
    let rows = AudioFrontEnd.rows(of: samples, rule)
    #expect(rows.count == 5 * rule.rows(in: 1000) && rule.rows(in: 1000) == 31)
    #expect(AudioFrontEnd.rows(of: Array(samples.prefix(99)), rule).isEmpty)
    // A row depends on its frame alone.
    let later = AudioFrontEnd.rows(of: Array(samples[60..<160]), rule)
    #expect(later == Array(rows[10..<15]))
    var frontEnd = try #require(AudioFrontEnd(rule))
    for sample in samples.prefix(57) { _ = frontEnd.append(sample) }
    frontEnd.reset()
    var again: [Float] = []
    for sample in samples where frontEnd.append(sample) {
      again += frontEnd.features.map(AudioFrontEnd.real)
    }
    #expect(again == rows)
  }

  @Test func faultsAreNamed() {
    func fault(_ edit: (inout AudioRule) -> Void) -> String {
      var rule = Self.rule()
      edit(&rule)
      #expect((AudioFrontEnd(rule) == nil) == (rule.fault != nil))
      return rule.fault ?? ""
    }
    #expect(fault { _ in } == "")
    #expect(fault { $0.rate = 999 }.contains("rate"))
    #expect(fault { $0.frame = 1 }.contains("frame"))
    #expect(fault { $0.hop = 481 }.contains("hop"))
    #expect(fault { $0.transform = 256 }.contains("transform"))
    #expect(fault { $0.transform = 513 }.contains("transform"))
    #expect(fault { $0.transform = 8192 }.contains("transform"))
    #expect(fault { $0.bands = 0 }.contains("bands"))
    #expect(fault { $0.high = 8001 }.contains("half the rate"))
    #expect(fault { $0.low = 4000 }.contains("bands"))
    #expect(fault { $0.offset = 0 }.contains("offset"))
    #expect(fault { $0.coefficients = 41 }.contains("coefficients"))
  }
}
