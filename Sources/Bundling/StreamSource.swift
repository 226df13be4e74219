import Arrays
import ModelGraph
import Quantizer
public import SignalChain

/// What raw data of a streaming input passes through before it is items.
public struct StreamSource: Sendable, Equatable {
  /// Sound to rows; nil where rows come as they are.
  public var audio: AudioRule?
  /// Rows to items.
  public var rule: StreamRule

  /// Creates a source; nil where no stream is cut.
  public init?(audio: AudioRule?, rule: StreamRule?) {
    guard let rule else { return nil }
    self.audio = audio
    self.rule = rule
  }

  /// How many items a recording gives: rows, or samples of sound.
  func items(in recording: NumericArray) -> Int {
    let length = recording.shape.first ?? 0
    guard let audio, recording.type == .int16 else { return rule.items(in: length) }
    return rule.items(in: audio.rows(in: length))
  }

  /// The items of a recording, or the array itself where it holds items already: what the device's
  /// ring of rows gives, cut at once.
  ///
  /// - Parameters:
  ///   - array: items of `shape`, or a recording: (time, channels), (time) of one channel, or samples
  ///     of sound, int16.
  ///   - shape: of one item.
  /// - Throws: `PackError` for a recording shorter than a window.
  func items(
    of array: NumericArray, shape: [Int], name: String
  ) throws(PackError) -> NumericArray {
    let array = try rows(of: array)
    guard !ModelItems.holdsItems(array.shape, of: shape), rule.isRecording(array.shape) else {
      return array
    }
    let count = rule.items(in: array.shape[0])
    guard count > 0 else {
      throw PackError(
        .failed,
        "input \(name) wants windows of \(rule.rows) rows, the recording has \(array.shape[0])")
    }
    let size = array.bytes.count / max(array.count, 1)
    var bytes = [UInt8](repeating: 0, count: count * rule.elements * size)
    for item in 0..<count {
      for row in 0..<rule.rows {
        for channel in 0..<rule.channels {
          let source = ((item * rule.hop + row) * rule.channels + channel) * size
          let target = (item * rule.elements + rule.position(row: row, channel: channel)) * size
          for byte in 0..<size { bytes[target + byte] = array.bytes[source + byte] }
        }
      }
    }
    do throws(ArrayError) {
      return try NumericArray(type: array.type, shape: [count] + shape, bytes: bytes)
    } catch {
      throw PackError(.failed, error.message)
    }
  }

  /// The rows of sound, or the array itself where it is no sound.
  private func rows(of array: NumericArray) throws(PackError) -> NumericArray {
    guard let audio, array.type == .int16, array.shape.count == 1 else { return array }
    do throws(ArrayError) {
      let samples = try array.asInt64().map { Int16($0) }
      let rows = AudioFrontEnd.rows(of: samples, audio)
      return try NumericArray(floats: rows, shape: [rows.count / audio.features, audio.features])
    } catch {
      throw PackError(.failed, error.message)
    }
  }
}

/// How a recipe wants items cut from a stream.
extension Recipe.Stream {
  /// The rule for an input of a shape.
  ///
  /// - Throws: `PackError` where no axis, or more than one, is as long as the window, or rows would
  ///   not lie together.
  func rule(of input: String, _ shape: [Int]) throws(PackError) -> StreamRule {
    let found = shape.indices.filter { shape[$0] == window }
    guard let position = axis ?? (found.count == 1 ? found[0] : nil),
      shape.indices.contains(position), shape[position] == window
    else {
      throw PackError(
        .failed,
        "stream: input \(input) of shape \(shape) has \(found.count) axes of \(window) rows",
        hint: found.count > 1
          ? "say which with `axis`, from 0" : "`window` is a length of the input")
    }
    let channels = shape.reduce(1, *) / window
    let inner = shape[(position + 1)...].reduce(1, *)
    guard inner == channels || inner == 1 else {
      throw PackError(
        .failed, "stream: input \(input) of shape \(shape) has channels before and after its rows")
    }
    guard
      let rule = StreamRule(
        rows: window, channels: channels, hop: hop ?? window, isChannelsFirst: inner != channels)
    else {
      throw PackError(.failed, "stream wants 1 ≤ hop ≤ window ≤ \(StreamRule.rowsMax)")
    }
    return rule
  }
}

extension Recipe.Audio {
  /// The rule of the front end.
  ///
  /// - Throws: `PackError` saying which number cannot be.
  func rule() throws(PackError) -> AudioRule {
    func samples(_ milliseconds: Double) -> Int {
      Int(min(max((milliseconds * Double(rate) / 1000).rounded(), 0), 1e6))
    }
    func choice<Choice: RawRepresentable<String>>(
      _ name: String?, _ usual: Choice, _ what: String
    ) throws(PackError) -> Choice {
      guard let name else { return usual }
      guard let choice = Choice(rawValue: name) else {
        throw PackError(.failed, "audio: there is no \(what) called \(name)")
      }
      return choice
    }
    let frame = samples(frameMs)
    var points = 4
    while points < frame { points *= 2 }
    let rule = AudioRule(
      rate: rate, frame: frame, hop: samples(hopMs), transform: fft ?? points,
      window: try choice(window, .hann, "window"),
      spectrum: try choice(spectrum, .magnitude, "spectrum"), bands: mel.bands, low: mel.low,
      high: mel.high,
      offset: Int(min(max(((offset ?? 1e-6) * 0x1p30).rounded(), 0), 0x1p31 - 1)),
      coefficients: mfcc ?? 0)
    if let fault = rule.fault { throw PackError(.failed, "audio: \(fault)") }
    return rule
  }
}

extension Packer {
  /// What the recipe says of a streaming input; nil where items come one by one.
  func streamSource(
    of graph: Graph, _ encodings: [InputEncoding]
  ) throws(PackError) -> StreamSource? {
    guard let stream = request.stream else {
      guard request.audio == nil else {
        throw PackError(
          .failed, "audio gives rows, and nothing says how items are cut from them",
          hint: "add `stream: { window: ROWS, hop: ROWS }`")
      }
      return nil
    }
    guard graph.inputs.count == 1 else {
      throw PackError(.failed, "stream: the model has \(graph.inputs.count) inputs, one can stream")
    }
    let value = graph[graph.inputs[0]]
    let rule = try stream.rule(of: value.name, value.type.shape)
    if case .normalized(let normalization) = encodings[0], !rule.allows(normalization) {
      throw PackError(
        .failed, "stream: the normalisation of \(value.name) differs from row to row of a window")
    }
    let audio = try request.audio.map { (recipe) throws(PackError) in try recipe.rule() }
    if let audio, audio.features != rule.channels {
      throw PackError(
        .failed,
        "audio gives rows of \(audio.features), input \(value.name) takes \(rule.channels)",
        hint: "set audio.mfcc, or audio.mel.bands without it")
    }
    return StreamSource(audio: audio, rule: rule)
  }
}
