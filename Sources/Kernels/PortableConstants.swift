import PlanFormat

/// A layer's constants as the bundle holds them, one after another, each aligned to 64: what the
/// scalar kernels read.
enum PortableConstants {
  static func byteCount(_ operation: PlanOperation) -> Int {
    operation.constants.reduce(0) { $0 + $1.byteCount.aligned }
  }

  static func pack(_ operation: PlanOperation, _ weights: UnsafeRawBufferPointer) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount(operation))
    for reference in operation.constants {
      bytes += weights[reference.offset..<reference.offset + reference.byteCount]
      bytes += [UInt8](repeating: 0, count: reference.byteCount.aligned - reference.byteCount)
    }
    return bytes
  }

  /// Where a constant of the operation begins in the packed bytes.
  static func offset(of reference: ConstantReference, in operation: PlanOperation) -> Int {
    var offset = 0
    for candidate in operation.constants {
      if candidate == reference { return offset }
      offset += candidate.byteCount.aligned
    }
    preconditionFailure("the operation has no such constant")
  }
}
