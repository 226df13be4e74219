import System
import Wire

/// Sound of a RIFF WAVE file: uncompressed integers (PCM) of 8, 16, 24 or 32 bits.
public struct WaveFile: Sendable, Equatable {
  /// Largest file read, bytes.
  public static let sizeLimit = 1 << 30

  /// Samples per second.
  public let rate: Int
  /// Samples of one moment.
  public let channelCount: Int
  /// Samples of all channels, moment after moment: full scale is 2^15. 8 bits are shifted up; 24 and
  /// 32 are rounded, halves up, and held at the largest.
  public let samples: [Int16]

  /// Reads a file.
  public init(path: String) throws(ArrayFileError) {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try File.read(path, limit: Self.sizeLimit)
    } catch {
      throw ArrayFileError.system(error)
    }
    try self.init(bytes, path: path)
  }

  /// Reads `bytes`; `path` only names the file in errors.
  public init(_ bytes: [UInt8], path: String) throws(ArrayFileError) {
    guard bytes.count >= 12, bytes[0..<4].elementsEqual("RIFF".utf8),
      bytes[8..<12].elementsEqual("WAVE".utf8)
    else { throw ArrayFileError.archive("no RIFF WAVE file", path: path) }
    let chunks: (format: Format, data: Range<Int>)
    do throws(WireError) {
      chunks = try ByteReader.reading(bytes) { (reader) throws(WireError) in
        try Self.chunks(&reader, size: bytes.count)
      }
    } catch {
      throw ArrayFileError.archive("damaged .wav: \(error.message)", path: path)
    }
    let format = chunks.format
    guard format.codec == Format.pcm else {
      throw ArrayFileError.archive(
        "the sound is \(format.codecName), and only PCM of 8, 16, 24 or 32 bits is read", path: path
      )
    }
    guard [8, 16, 24, 32].contains(format.bits), format.channels > 0, format.rate > 0,
      format.blockBytes == format.channels * format.bits / 8
    else {
      throw ArrayFileError.archive(
        "PCM of \(format.bits) bits and \(format.channels) channels in blocks of "
          + "\(format.blockBytes) bytes is not read", path: path)
    }
    rate = format.rate
    channelCount = format.channels
    samples = Self.samples(bytes[chunks.data], bits: format.bits, block: format.blockBytes)
  }

  /// One channel's samples.
  ///
  /// - Parameter channel: from 0; must be below `channelCount`.
  public func channel(_ channel: Int) -> [Int16] {
    guard channelCount > 1 else { return samples }
    return stride(from: channel, to: samples.count, by: channelCount).map { samples[$0] }
  }

  private struct Format {
    static let pcm = 1
    private static let extensible = 0xfffe
    private static let names = [
      2: "Microsoft ADPCM", 3: "floating point", 6: "A-law", 7: "µ-law", 0x11: "IMA ADPCM",
      0x31: "GSM 6.10", 0x50: "MPEG audio", 0x55: "MP3",
    ]
    var codec: Int
    var channels: Int
    var rate: Int
    var blockBytes: Int
    var bits: Int

    var codecName: String { Self.names[codec] ?? "of codec \(codec)" }

    /// Reads a chunk `fmt `; an extensible one names its codec by the first bytes of an identifier.
    init(_ reader: inout ByteReader, size: Int) throws(WireError) {
      codec = Int(try reader.u16())
      channels = Int(try reader.u16())
      rate = Int(try reader.u32())
      try reader.skip(4)
      blockBytes = Int(try reader.u16())
      bits = Int(try reader.u16())
      guard codec == Self.extensible, size >= 40 else { return }
      try reader.skip(8)
      codec = Int(try reader.u16())
    }
  }

  private static func chunks(
    _ reader: inout ByteReader, size: Int
  ) throws(WireError) -> (format: Format, data: Range<Int>) {
    try reader.skip(12)
    var format: Format?
    while true {
      let name = try reader.array(4)
      let length = Int(try reader.u32())
      let start = reader.position
      if name == Array("fmt ".utf8) { format = try Format(&reader, size: length) }
      if name == Array("data".utf8), let format {
        // Recorders that were cut off leave a length that the file has not.
        let end = min(start + length, size)
        let whole = (end - start) / max(format.blockBytes, 1) * max(format.blockBytes, 1)
        return (format, start..<start + whole)
      }
      try reader.seek(to: start + length + length % 2)
    }
  }

  private static func samples(_ data: ArraySlice<UInt8>, bits: Int, block: Int) -> [Int16] {
    let size = bits / 8
    var samples: [Int16] = []
    samples.reserveCapacity(data.count / size)
    for start in stride(from: data.startIndex, to: data.endIndex, by: size) {
      switch size {
      case 1: samples.append((Int16(data[start]) - 128) << 8)
      case 2: samples.append(Int16(bitPattern: UInt16(data[start]) | UInt16(data[start + 1]) << 8))
      default:
        // The upper 24 bits of either, in the upper bits of an Int32.
        var word: UInt32 = 0
        for byte in 0..<size { word |= UInt32(data[start + byte]) << UInt32(8 * (4 - size + byte)) }
        let rounded = (Int64(Int32(bitPattern: word)) + 0x8000) >> 16
        samples.append(Int16(clamping: rounded))
      }
    }
    return samples
  }
}
