import DeltaCoding
import HostSealing
import PlanFormat
import Sealing

/// How the weights of a release are told by those of another: constant by constant, matched by the name
/// of their instruction, their place in it and their size, else by their content.
struct TensorPieces {
  /// Consecutive bytes of the new section.
  struct Piece: Equatable {
    var kind: DeltaFormat.PieceKind
    var range: Range<Int>
    /// Where the base's bytes begin; of no meaning for verbatim ones.
    var base: Int
  }

  /// A release's plan and weights.
  struct Release {
    var plan: Plan
    var weights: [UInt8]
  }

  private(set) var pieces: [Piece] = []
  private let old: Release
  private let new: Release

  /// - Throws: `ZstdEncoder.Failure`.
  init(from old: Release, to new: Release) throws(ZstdEncoder.Failure) {
    self.old = old
    self.new = new
    let named = Dictionary(Self.constants(of: old.plan)) { first, _ in first }
    let known = Dictionary(
      named.values.sorted { $0.offset < $1.offset }.map {
        (SHA256.digest(Self.content(of: $0, in: old)), $0)
      }
    ) { first, _ in first }
    var end = 0
    let wanted = Self.constants(of: new.plan).sorted {
      ($0.1.offset, $1.1.byteCount) < ($1.1.offset, $0.1.byteCount)
    }
    for (key, constant) in wanted where constant.offset >= end && constant.byteCount > 0 {
      appendGap(end..<constant.offset)
      let content = Self.content(of: constant, in: new)
      let same = named[key].flatMap { $0.byteCount == constant.byteCount ? $0 : nil }
      let range = constant.offset..<constant.offset + constant.byteCount
      if let same, Self.content(of: same, in: old) == content {
        append(Piece(kind: .copied, range: range, base: same.offset))
      } else if let equal = known[SHA256.digest(content)] {
        append(Piece(kind: .copied, range: range, base: equal.offset))
      } else if let same, try Self.isNear(content, Self.content(of: same, in: old)) {
        append(Piece(kind: .residual, range: range, base: same.offset))
      } else {
        append(Piece(kind: .verbatim, range: range, base: 0))
      }
      end = range.upperBound
    }
    appendGap(end..<new.weights.count)
  }

  /// Bytes of a piece as a delta holds them.
  func bytes(of piece: Piece) -> [UInt8] {
    switch piece.kind {
    case .copied: []
    case .verbatim: Array(new.weights[piece.range])
    case .residual:
      zip(new.weights[piece.range], old.weights[piece.base...]).map { $0 &- $1 }
    }
  }

  /// What an instruction calls a constant.
  private struct Key: Hashable {
    var instruction: String
    var place: Int
  }

  private static func constants(of plan: Plan) -> [(Key, ConstantReference)] {
    plan.instructions.flatMap { instruction in
      instruction.operation.constants.enumerated().map { place, constant in
        (Key(instruction: instruction.name, place: place), constant)
      }
    }
  }

  private static func content(of constant: ConstantReference, in release: Release) -> [UInt8] {
    Array(release.weights[constant.offset..<constant.offset + constant.byteCount])
  }

  /// Whether the difference takes less than the content itself.
  private static func isNear(
    _ new: [UInt8], _ old: [UInt8]
  ) throws(ZstdEncoder.Failure) -> Bool {
    let residual = zip(new, old).map { $0 &- $1 }
    return try ZstdEncoder.compress(residual).count < ZstdEncoder.compress(new).count
  }

  /// Bytes between constants: copied where those that follow the last copied ones are the same.
  private mutating func appendGap(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    if let last = pieces.last, last.kind == .copied {
      let start = last.base + last.range.count
      if start + range.count <= old.weights.count,
        old.weights[start..<start + range.count].elementsEqual(new.weights[range])
      {
        return append(Piece(kind: .copied, range: range, base: start))
      }
    }
    append(Piece(kind: .verbatim, range: range, base: 0))
  }

  /// Consecutive pieces of a kind are one.
  private mutating func append(_ piece: Piece) {
    guard let last = pieces.last, last.kind == piece.kind,
      piece.kind == .verbatim || piece.base == last.base + last.range.count
    else { return pieces.append(piece) }
    pieces[pieces.count - 1].range = last.range.lowerBound..<piece.range.upperBound
  }
}
