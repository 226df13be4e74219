public import BundleFormat
import DeltaCoding
import HostSealing
import PlanFormat
import Sealing
import Wire

/// What leads from one release to another, in fewer bytes than the whole.
public struct DeltaWriter {
  /// A delta, and how it came to its size.
  public struct Outcome: Sendable {
    /// The file.
    public var bytes: [UInt8]
    /// Bytes of weights taken from the base as they are.
    public var copiedBytes: Int
    /// Bytes of weights told by their difference.
    public var residualBytes: Int
    /// Bytes of weights that stand in the delta.
    public var verbatimBytes: Int
    /// About what the weights take of the file.
    public var weightsBytes: Int
    /// What the new weights take compressed by themselves, by the same library at the same level.
    public var wholeWeightsBytes: Int
  }

  private let base: DeltaBase
  private let old: VerifiedBundle
  private let new: VerifiedBundle

  /// Creates a writer.
  ///
  /// - Throws: `PackError` where a bundle lacks a section.
  public init(from old: VerifiedBundle, to new: VerifiedBundle) throws(PackError) {
    self.old = old
    self.new = new
    base = try Self.reading { () throws(BundleError) in try DeltaBase(old) }
  }

  /// Writes the delta, and applies it to see that the new release comes out.
  ///
  /// - Throws: `PackError`.
  public func write() throws(PackError) -> Outcome {
    let head = try Self.reading { () throws(BundleError) in try new.head() }
    var content = ByteWriter()
    content.append(head)
    var cuts: [Int] = []
    var outcome = Outcome(
      bytes: [], copiedBytes: 0, residualBytes: 0, verbatimBytes: 0, weightsBytes: 0,
      wholeWeightsBytes: 0)
    for position in new.manifest.deltaOrder {
      let section = new.manifest.sections[position]
      let bytes = try Self.reading { () throws(BundleError) in
        try new.section(section.kind, plan: section.plan)
      }
      if section.kind == .weights { outcome.wholeWeightsBytes += try compressed(bytes).count }
      if let known = base.content(like: section), known == bytes {
        content.u8(DeltaFormat.SectionMode.same.rawValue)
        outcome.copiedBytes += section.kind == .weights ? bytes.count : 0
      } else if section.kind == .weights, let pieces = try pieces(of: section.plan) {
        let start = content.bytes.count
        cuts.append(start)
        append(pieces, to: &content, cuts: &cuts, &outcome)
        outcome.weightsBytes += try compressed(
          Array(content.bytes[start...]), parts: cuts.filter { $0 > start }.map { $0 - start }
        ).count
      } else {
        content.u8(DeltaFormat.SectionMode.whole.rawValue)
        content.append(bytes)
      }
    }
    let frame = try compressed(content.bytes, parts: cuts, prefix: base.prefix)
    outcome.bytes = DeltaFormat.file(base: old.release, headBytes: head.count, frame: frame)
    try check(outcome.bytes)
    return outcome
  }

  /// Nil where the base has no such weights, or a plan cannot be read.
  private func pieces(of plan: String) throws(PackError) -> TensorPieces? {
    guard let before = release(old, plan), let after = release(new, plan) else { return nil }
    do throws(ZstdEncoder.Failure) {
      return try TensorPieces(from: before, to: after)
    } catch {
      throw PackError(.failed, error.message)
    }
  }

  private func release(_ bundle: VerifiedBundle, _ plan: String) -> TensorPieces.Release? {
    guard let planBytes = try? bundle.section(.plan, plan: plan),
      let weights = try? bundle.section(.weights, plan: plan),
      let decoded = try? Plan(decoding: planBytes)
    else { return nil }
    let fits = decoded.instructions.allSatisfy { instruction in
      instruction.operation.constants.allSatisfy { $0.offset + $0.byteCount <= weights.count }
    }
    return fits ? TensorPieces.Release(plan: decoded, weights: weights) : nil
  }

  private func append(
    _ tensors: TensorPieces, to content: inout ByteWriter, cuts: inout [Int],
    _ outcome: inout Outcome
  ) {
    content.u8(DeltaFormat.SectionMode.pieces.rawValue)
    for piece in tensors.pieces {
      content.u8(piece.kind.rawValue)
      content.u32(UInt32(piece.range.count))
      if piece.kind != .verbatim { content.u32(UInt32(piece.base)) }
      let bytes = tensors.bytes(of: piece)
      switch piece.kind {
      case .copied: outcome.copiedBytes += piece.range.count
      case .residual: outcome.residualBytes += piece.range.count
      case .verbatim: outcome.verbatimBytes += piece.range.count
      }
      if bytes.count >= Self.partBytesMin {
        let start = content.bytes.count
        cuts.append(start)
        cuts += CodePartition(bytes).cuts.map { start + $0 }
        cuts.append(start + bytes.count)
      }
      content.append(bytes)
    }
    cuts = Array(Set(cuts)).sorted().filter { $0 > 0 && $0 < content.bytes.count }
  }

  /// Pieces from here on have code tables of their own.
  private static let partBytesMin = 1024

  /// With code tables where statistics change, or without: whichever is smaller.
  private func compressed(
    _ bytes: [UInt8], parts: [Int] = [], prefix: [UInt8] = []
  ) throws(PackError) -> [UInt8] {
    do throws(ZstdEncoder.Failure) {
      let window = Int32(DeltaFormat.windowLog)
      let plain = try ZstdEncoder.compress(bytes, prefix: prefix, windowLog: window)
      guard !parts.isEmpty else { return plain }
      let parted = try ZstdEncoder.compress(
        bytes, parts: parts, prefix: prefix, windowLog: window)
      return parted.count < plain.count ? parted : plain
    } catch {
      throw PackError(.failed, error.message)
    }
  }

  private func check(_ delta: [UInt8]) throws(PackError) {
    let trust = TrustPolicy(keys: new.signatures.map(\.publicKey), allowsDevelopment: true)
    do throws(DeltaError) {
      let made = try RebuiltBundle.apply(delta, to: base, opener: SodiumZstd(), trust: trust)
      guard made.release == new.release else { throw .corrupt("it makes another release") }
    } catch {
      throw PackError(.failed, "the delta would not be accepted: \(error.message)")
    }
  }

  private static func reading<Value>(
    _ body: () throws(BundleError) -> Value
  ) throws(PackError) -> Value {
    do throws(BundleError) {
      return try body()
    } catch {
      throw PackError(.failed, error.message)
    }
  }
}
