import Arrays
import BundleFormat
import Bundling
import Foundation
import HostArrays
import SignalChain
import TestSupport
import Testing
import Wire

/// Sound files through the audio front end.
@Suite("sound files") struct SoundFileTests {
  private static func number(_ value: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func wave(
    _ samples: [[Int]], bits: Int, rate: Int = 8000, codec: Int = 1, extensible: Bool = false
  ) -> [UInt8] {
    let channels = samples[0].count
    var format = number(extensible ? 0xfffe : codec, 2) + number(channels, 2) + number(rate, 4)
    format += number(rate * channels * bits / 8, 4) + number(channels * bits / 8, 2)
    format += number(bits, 2)
    if extensible { format += number(22, 2) + number(bits, 2) + number(0, 4) + number(codec, 16) }
    let data = samples.flatMap { $0.flatMap { number($0, bits / 8) } }
    // A chunk of odd length that nobody reads stands between.
    let chunks =
      Array("fmt ".utf8) + number(format.count, 4) + format + Array("LIST".utf8) + number(3, 4)
      + [1, 2, 3, 0] + Array("data".utf8) + number(data.count, 4) + data
    return Array("RIFF".utf8) + number(chunks.count + 4, 4) + Array("WAVE".utf8) + chunks
  }

  private func message(_ bytes: [UInt8]) throws -> String {
    try #require(#expect(throws: ArrayFileError.self) { try WaveFile(bytes, path: "s.wav") })
      .message
  }

  @Test func readsEveryWidth() throws {
    let eight = try WaveFile(Self.wave([[0], [128], [255]], bits: 8), path: "s.wav")
    #expect(eight.samples == [-32_768, 0, 32_512] && eight.rate == 8000)
    let sixteen = try WaveFile(Self.wave([[-32_768], [5], [32_767]], bits: 16), path: "s.wav")
    #expect(sixteen.samples == [-32_768, 5, 32_767])
    // Rounded, halves up, held at the largest.
    let wide = [[-0x80_0000], [0x7f], [0x80], [-0x80], [0x7f_ffff]]
    #expect(
      try WaveFile(Self.wave(wide, bits: 24), path: "s.wav").samples
        == [-32_768, 0, 1, 0, 32_767])
    #expect(
      try WaveFile(Self.wave(wide.map { [$0[0] << 8] }, bits: 32), path: "s.wav").samples
        == [-32_768, 0, 1, 0, 32_767])
    let stereo = try WaveFile(
      Self.wave([[1, -1], [2, -2]], bits: 16, extensible: true), path: "s.wav")
    #expect(stereo.channelCount == 2)
    #expect(stereo.channel(0) == [1, 2] && stereo.channel(1) == [-1, -2])
  }

  @Test func refusesOthersByName() throws {
    let one = [[0]]
    #expect(try message(Self.wave(one, bits: 32, codec: 3)).contains("floating point"))
    #expect(try message(Self.wave(one, bits: 8, codec: 6)).contains("A-law"))
    #expect(try message(Self.wave(one, bits: 8, codec: 7, extensible: true)).contains("µ-law"))
    #expect(try message(Self.wave(one, bits: 8, codec: 0x55)).contains("MP3"))
    #expect(try message(Self.wave(one, bits: 16, codec: 0x1234)).contains("codec 4660"))
    #expect(try message(Self.wave(one, bits: 64)).contains("64 bits"))
    #expect(try message(Array("OggS and more".utf8)).contains("no RIFF WAVE file"))
    let whole = Self.wave([[1], [2]], bits: 16)
    for length in 0..<whole.count - 4 {
      #expect(throws: ArrayFileError.self) { try WaveFile(Array(whole[..<length]), path: "s.wav") }
    }
    // Cut off within the samples: what there is of them.
    #expect(try WaveFile(whole.dropLast(3) + [], path: "s.wav").samples.isEmpty)
    #expect(try WaveFile(whole.dropLast() + [], path: "s.wav").samples == [1])
  }

  /// Frames of 4 samples, rows of 2 bands, items of 3 rows.
  private static func interface(channel: Int? = nil) throws -> DataInterface {
    let packed = try PackedModel(request())
    var interface = DataInterface(packed.plan)
    interface.roles.channel = channel
    return interface
  }

  private static func request() throws -> PackRequest {
    var sample = ONNXSample()
    sample.input("x", ["1", "3", "2"])
    sample.constant("shape", integers: [1, 6])
    sample.node("Reshape", ["x", "shape"], ["flat"])
    sample.constant("w", [6, 2], floats: (0..<12).map { Float($0 % 5) / 4 - 0.5 })
    sample.constant("b", [2], floats: [0, 0.1])
    sample.node("Gemm", ["flat", "w", "b"], ["y"])
    sample.output("y")
    let text = """
      {name: 's', version: '1.0.0', sequence: 1, model: 'm', stream: {window: 3, hop: 2},
       audio: {rate: 8000, frameMs: 4, hopMs: 2, mel: {bands: 2, low: 100, high: 3000}}}
      """
    let recipe = try Recipe(json5: Data(text.utf8))
    var request = PackRequest(
      name: "s", version: "1.0.0", sequence: 1, model: sample.bytes, tool: "test")
    request.audio = recipe.audio
    request.stream = recipe.stream
    request.ports = [NamedPort(name: "y", naming: PortNaming(labels: ["off", "on"]))]
    request.calibration = [try recording(400, seed: 1).array]
    return request
  }

  private static func recording(
    _ count: Int, seed: UInt64
  ) throws -> (samples: [Int], array: NumericArray) {
    var random = SplitMix64(seed: seed)
    let samples = (0..<count).map { _ in Int(random.below(20_000)) - 10_000 }
    let bytes = samples.flatMap { number($0, 2) }
    return (samples, try NumericArray(type: .int16, shape: [count], bytes: bytes))
  }

  @Test func filesFoldersAndTables() throws {
    let folder = try TemporaryFolder()
    let manager = FileManager.default
    for name in ["on", "off"] {
      try manager.createDirectory(
        atPath: folder.file(name), withIntermediateDirectories: true)
    }
    let (first, array) = try Self.recording(300, seed: 2)
    let (second, _) = try Self.recording(150, seed: 3)
    try folder.write("on/a.wav", Self.wave(first.map { [$0] }, bits: 16))
    try folder.write("off/b.wav", Self.wave(second.map { [$0] }, bits: 16))
    let interface = try Self.interface()
    let reader = DataReader(interface)
    let one = try reader.read([DataFile(folder.file("on/a.wav"))])
    let stream = try #require(interface.stream)
    let rule = try #require(stream.audio)
    // Rows of the front end, three to an item, every two.
    let samples = try array.asInt64().map { Int16($0) }
    let rows = AudioFrontEnd.rows(of: samples, rule)
    let count = stream.rule.items(in: rule.rows(in: 300))
    #expect(one.arrays[0].shape == [count, 1, 3, 2])
    var windows: [Float] = []
    for item in 0..<count { windows += rows[item * 4..<item * 4 + 6] }
    #expect(one.arrays[0].asFloats() == windows)
    // Of a folder, subfolders are classes: off, then on.
    let all = try reader.read([DataFile(folder.path)])
    let others = stream.rule.items(in: rule.rows(in: 150))
    #expect(all.arrays[0].shape == [count + others, 1, 3, 2])
    #expect(
      all.targets
        == .classes([Int](repeating: 0, count: others) + [Int](repeating: 1, count: count)))
    // Of a table, files are relative to it.
    try folder.write(
      "list.csv", Array("label,file,slice:room\non,on/a.wav,x\noff,off/b.wav,y".utf8))
    let listed = try reader.read([DataFile(folder.file("list.csv"))])
    #expect(
      listed.targets
        == .classes([Int](repeating: 1, count: count) + [Int](repeating: 0, count: others)))
    #expect(listed.slices[0].values.codes == listed.targets?.classes?.map { 1 - $0 })
    #expect(listed.groups?.values.count == 2)
  }

  @Test func refusesWhatTheFrontEndDoesNotTake() throws {
    let folder = try TemporaryFolder()
    let reader = DataReader(try Self.interface())
    func message(_ bytes: [UInt8], _ reader: DataReader) throws -> String {
      let path = try folder.write("s.wav", bytes)
      return try #require(
        #expect(throws: PackError.self) { _ = try reader.read([DataFile(path)]) }
      ).message
    }
    let samples = [[Int]](repeating: [100, -100], count: 300)
    let mono = samples.map { [$0[0]] }
    #expect(
      try message(Self.wave(mono, bits: 16, rate: 44_100), reader)
        .hasSuffix("has 44100 samples per second, the front end takes 8000"))
    #expect(try message(Self.wave(samples, bits: 16), reader).hasSuffix("has 2 channels"))
    #expect(try message(Self.wave([[1]], bits: 16), reader).contains("as long as a window"))
    let second = DataReader(try Self.interface(channel: 1))
    let path = try folder.write("s.wav", Self.wave(samples, bits: 16))
    let chosen = try second.read([DataFile(path)])
    try folder.write("m.wav", Self.wave(samples.map { [$0[1]] }, bits: 16))
    #expect(chosen.arrays == (try second.read([DataFile(folder.file("m.wav"))])).arrays)
    var deaf = try Self.interface()
    deaf.stream?.audio = nil
    let error = try #require(
      #expect(throws: PackError.self) { _ = try DataReader(deaf).read([DataFile(path)]) })
    #expect(error.message.contains("no front end"))
  }
}
