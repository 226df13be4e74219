/// How sound becomes rows of features: logarithms of mel bands, or their cepstrum (MFCC).
public struct AudioRule: Sendable, Equatable {
  /// What a frame is multiplied by.
  public enum Window: String, Sendable, CaseIterable {
    /// Nothing.
    case rectangular
    /// 0.5 − 0.5 · cos(2π·n/L), periodic.
    case hann
    /// 0.54 − 0.46 · cos(2π·n/L), periodic.
    case hamming
  }
  /// What is summed in a band.
  public enum Spectrum: String, Sendable, CaseIterable {
    /// |X|.
    case magnitude
    /// |X|².
    case power
  }

  /// Samples per second.
  public var rate: Int
  /// Samples of a frame.
  public var frame: Int
  /// Samples from one frame to the next, at most a frame.
  public var hop: Int
  /// Points of the Fourier transform, a power of two of at least a frame.
  public var transform: Int
  /// What a frame is multiplied by.
  public var window: Window
  /// What is summed in a band.
  public var spectrum: Spectrum
  /// Triangular bands, evenly spaced from `low` to `high` on the scale ln(1 + f / 700 Hz).
  public var bands: Int
  /// Lower edge of the first band, Hz.
  public var low: Int
  /// Upper edge of the last band, Hz.
  public var high: Int
  /// Added to a band before its logarithm, times 2^30; full scale is 1.
  public var offset: Int
  /// Cepstral coefficients of a row, from the 0th; 0 gives the logarithms themselves.
  public var coefficients: Int

  /// Creates a rule.
  public init(
    rate: Int, frame: Int, hop: Int, transform: Int, window: Window, spectrum: Spectrum,
    bands: Int, low: Int, high: Int, offset: Int, coefficients: Int
  ) {
    self.rate = rate
    self.frame = frame
    self.hop = hop
    self.transform = transform
    self.window = window
    self.spectrum = spectrum
    self.bands = bands
    self.low = low
    self.high = high
    self.offset = offset
    self.coefficients = coefficients
  }

  /// What is wrong with it; nil for a rule that a front end can be made of.
  public var fault: String? {
    if !(1000...384_000).contains(rate) { return "the rate is not from 1000 to 384000" }
    if !(2...4096).contains(frame) { return "a frame is not from 2 to 4096 samples" }
    if hop < 1 || hop > frame { return "a hop is not from one sample to a frame" }
    if transform < max(frame, 4) || transform > 4096 || transform.nonzeroBitCount != 1 {
      return "the transform is not a power of two from the frame's length to 4096"
    }
    if !(1...256).contains(bands) { return "there are not from 1 to 256 bands" }
    if low < 0 || low >= high || high > rate / 2 {
      return "the bands do not lie between 0 Hz and half the rate"
    }
    if !(1...1 << 30).contains(offset) { return "the offset is not from 2^-30 to 1" }
    if !(0...bands).contains(coefficients) { return "there are more coefficients than bands" }
    return nil
  }

  /// Numbers in a row.
  public var features: Int { coefficients > 0 ? coefficients : bands }

  /// Rows of so many samples.
  public func rows(in samples: Int) -> Int { samples < frame ? 0 : (samples - frame) / hop + 1 }
}
