public import CBOR
public import COSE
public import DriftStatistics
public import System

/// Why telemetry was not recorded, kept or believed.
public enum TelemetryError: Error, Equatable, Sendable {
  /// The file system refused.
  case system(SystemError)
  /// A tensor or counts do not belong to the contract.
  case tap(TapError)
  /// A record, a batch or a state file is not deterministic CBOR of the expected form.
  case malformed(CBORError)
  /// A batch's envelope is not a signature.
  case envelope(COSEError)
  /// A batch is not signed by the device key it names.
  case badSignature
  /// Record `sequence` does not follow from the one before.
  case brokenChain(sequence: UInt64)
  /// The batch's head is not its last record's hash.
  case headMismatch
  /// Another schema than this program reads.
  case unknownSchema(UInt64)
  /// A record or a batch over its limit.
  case tooLarge(bytes: Int, limit: Int)
  /// The spool's limit leaves no room for one record.
  case spoolTooSmall(bytes: Int)
  /// A batch without records.
  case empty

  /// True when a batch is not what its device signed.
  public var isUntrusted: Bool {
    switch self {
    case .badSignature, .brokenChain, .headMismatch, .envelope: return true
    default: return false
    }
  }

  /// One line for a person.
  public var message: String {
    switch self {
    case .system(let error): return error.message
    case .tap(let error): return error.message
    case .malformed(let error): return "telemetry: \(error.message)"
    case .envelope(let error): return "telemetry batch: \(error.message)"
    case .badSignature: return "telemetry batch: not signed by the device it names"
    case .brokenChain(let sequence):
      return "telemetry batch: record \(sequence) does not follow from the one before"
    case .headMismatch: return "telemetry batch: the chain head is not the last record's hash"
    case .unknownSchema(let schema):
      return "telemetry schema \(schema) is unknown; update this program"
    case .tooLarge(let bytes, let limit):
      return "telemetry of \(bytes) bytes is over the limit of \(limit)"
    case .spoolTooSmall(let bytes): return "a spool of \(bytes) bytes cannot hold one record"
    case .empty: return "telemetry batch: no records"
    }
  }
}

/// Runs `body`, turning a failed system call into a telemetry error.
func system<Result>(
  _ body: () throws(SystemError) -> Result
) throws(TelemetryError) -> Result {
  do throws(SystemError) { return try body() } catch { throw TelemetryError.system(error) }
}

/// Runs `body`, turning malformed CBOR into a telemetry error.
func parsed<Result>(
  _ body: () throws(CBORError) -> Result
) throws(TelemetryError) -> Result {
  do throws(CBORError) { return try body() } catch { throw TelemetryError.malformed(error) }
}
