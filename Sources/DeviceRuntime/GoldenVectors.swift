import PlanFormat
import Wire

/// Inputs with the exact outputs they must give. A bundle carries some; an install runs them before
/// it activates anything.
///
/// Binary form: magic "SWGV", u16 version, u16 count; per vector a u64 seed, then u32 output count
/// and per output u32 byte count and bytes.
public struct GoldenVectors: Sendable, Equatable {
  /// One vector: inputs are drawn from `seed`, input after input, one SplitMix64 byte per element of
  /// int8; of a wider one two, the first shifted right by the low three bits of the second: most
  /// ranks are small.
  public struct Vector: Sendable, Equatable {
    /// Seed of the inputs.
    public var seed: UInt64
    /// Output bytes, one array per output.
    public var outputs: [[UInt8]]
  }

  private static let magic: UInt32 = 0x5647_5753
  private static let version: UInt16 = 1
  /// Limits of the reader.
  private static let (vectorsMax, outputsMax, bytesMax) = (256, 256, 1 << 24)

  /// The vectors.
  public var vectors: [Vector]

  /// Makes vectors by running a session: the packer's side. They are one recording: where the model
  /// keeps states, each vector starts from those that the one before left.
  public static func make(seeds: [UInt64], session: Session) -> GoldenVectors {
    session.reset()
    return GoldenVectors(
      vectors: seeds.map { seed in
        fillInputs(of: session, seed: seed)
        session.run()
        return Vector(
          seed: seed, outputs: session.plan.outputs.indices.map { Array(session.output($0)) })
      })
  }

  private init(vectors: [Vector]) { self.vectors = vectors }

  /// Reads a section.
  ///
  /// - Throws: `RuntimeError.vectors` for anything but a whole, valid one.
  public init(decoding bytes: [UInt8]) throws(RuntimeError) {
    do throws(WireError) {
      vectors = try ByteReader.reading(bytes) { (reader: inout ByteReader) throws(WireError) in
        try Self.read(&reader)
      }
    } catch {
      throw .vectors(error)
    }
  }

  private static func read(_ reader: inout ByteReader) throws(WireError) -> [Vector] {
    guard try reader.u32() == magic, try reader.u16() == version else {
      throw .limitExceeded(at: 0, value: 0, limit: UInt64(version))
    }
    var vectors: [Vector] = []
    for _ in 0..<(try bounded(UInt32(reader.u16()), vectorsMax, reader)) {
      let seed = try reader.u64()
      var outputs: [[UInt8]] = []
      for _ in 0..<(try bounded(reader.u32(), outputsMax, reader)) {
        outputs.append(try reader.array(bounded(reader.u32(), bytesMax, reader)))
      }
      vectors.append(Vector(seed: seed, outputs: outputs))
    }
    try reader.expectEnd()
    return vectors
  }

  private static func bounded(
    _ value: UInt32, _ limit: Int, _ reader: ByteReader
  ) throws(WireError) -> Int {
    guard value <= UInt32(limit) else {
      throw .limitExceeded(at: reader.position, value: UInt64(value), limit: UInt64(limit))
    }
    return Int(value)
  }

  /// The section's bytes.
  public func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.u32(Self.magic)
    writer.u16(Self.version)
    writer.u16(UInt16(vectors.count))
    for vector in vectors {
      writer.u64(vector.seed)
      writer.u32(UInt32(vector.outputs.count))
      for output in vector.outputs {
        writer.u32(UInt32(output.count))
        writer.append(output)
      }
    }
    return writer.bytes
  }

  /// Runs every vector, from the first states on, and compares every byte. The session starts anew
  /// afterwards.
  ///
  /// - Throws: `RuntimeError.mismatch` at the first difference.
  public func check(_ session: Session) throws(RuntimeError) {
    session.reset()
    defer { session.reset() }
    for (number, vector) in vectors.enumerated() {
      Self.fillInputs(of: session, seed: vector.seed)
      session.run()
      guard vector.outputs.count == session.plan.outputs.count else {
        throw .mismatch(
          vector: number, output: vector.outputs.count, element: 0, expected: 0, got: 0)
      }
      for (position, expected) in vector.outputs.enumerated() {
        try Self.compare(
          expected, session.output(position), vector: number, output: position,
          session.outputTensor(position).element)
      }
    }
  }

  private static func compare(
    _ expected: [UInt8], _ got: UnsafeRawBufferPointer, vector: Int, output: Int,
    _ element: PlanElement
  ) throws(RuntimeError) {
    guard expected.count == got.count else {
      throw .mismatch(
        vector: vector, output: output, element: min(expected.count, got.count),
        expected: expected.count, got: got.count)
    }
    guard let byte = expected.indices.first(where: { expected[$0] != got[$0] }) else { return }
    let position = byte / element.byteCount
    let wanted = expected.withUnsafeBytes { EdgeCodec.levels($0, element)[position] }
    throw .mismatch(
      vector: vector, output: output, element: position, expected: Int(clamping: wanted),
      got: Int(clamping: EdgeCodec.levels(got, element)[position]))
  }

  private static func fillInputs(of session: Session, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for position in session.plan.inputs.indices {
      let bytes = session.input(position)
      let width = session.inputTensor(position).element.byteCount
      if width == 1 {
        for element in 0..<bytes.count { bytes[element] = generator.byte() }
        continue
      }
      for element in stride(from: 0, to: bytes.count, by: width) {
        let value = generator.byte()
        for byte in 0..<width { bytes[element + byte] = 0 }
        bytes[element] = value >> (generator.byte() & 7)
      }
    }
  }
}
