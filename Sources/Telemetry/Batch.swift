import CBOR
public import COSE
import Sealing

/// Records on their way to a server, signed once by the device.
public struct Batch: Sendable, Equatable {
  /// The schema this program writes.
  public static let schema: UInt64 = 1
  /// The largest signed batch, bytes.
  public static let byteLimit = 8 * 1024 * 1024
  /// The most records.
  public static let recordLimit = 4096

  /// The device: its 32-byte Ed25519 public key.
  public var deviceKey: [UInt8]
  /// The records as they were hashed.
  public var encodedRecords: [[UInt8]]
  /// The same, read.
  public var records: [WindowRecord]
  /// SHA-256 of the last record.
  public var head: [UInt8]

  /// The device's name: SHA-256 of its public key.
  public var deviceIdentifier: [UInt8] { SHA256.digest(deviceKey) }

  /// Signs records that follow each other: COSE_Sign1 over {schema, device, records, head}.
  public static func sign(
    records: [[UInt8]], deviceKey: [UInt8], with signer: some SignatureSigner
  ) throws(TelemetryError) -> [UInt8] {
    guard let last = records.last else { throw TelemetryError.empty }
    let payload = CBORValue.map([
      "schema": .unsigned(schema), "device": .bytes(deviceKey),
      "records": .array(records.map { .bytes($0) }), "head": .bytes(SHA256.digest(last)),
    ]).encoded()
    return COSESign1.sign(payload, with: signer).encoded()
  }

  /// Reads a signed batch and believes nothing in it before: the signature holds for the device
  /// key inside, every record parses, sequences ascend, records that are neighbours are chained,
  /// and the head is the last record's hash. Whether that device is known is the caller's
  /// question.
  public static func verify(
    _ bytes: [UInt8], with verifier: some SignatureVerifier
  ) throws(TelemetryError) -> Batch {
    guard bytes.count <= byteLimit else {
      throw TelemetryError.tooLarge(bytes: bytes.count, limit: byteLimit)
    }
    let envelope: COSESign1
    do throws(COSEError) {
      envelope = try COSESign1.decode(bytes)
    } catch {
      throw TelemetryError.envelope(error)
    }
    guard let payload = envelope.payload else {
      throw TelemetryError.envelope(.payloadMismatch)
    }
    let record = try parsed { () throws(CBORError) -> CBORRecord in
      try CBORRecord(
        try CBORValue.decode(payload, depth: 3, items: recordLimit + 16), path: "batch")
    }
    let deviceKey = try parsed { () throws(CBORError) -> [UInt8] in
      try record.bytes(at: "device", count: 32)
    }
    let holds: Bool
    do throws(COSEError) {
      holds = try envelope.verify(publicKey: deviceKey, with: verifier)
    } catch {
      throw TelemetryError.envelope(error)
    }
    guard holds, envelope.keyIdentifier == KeyFile.keyIdentifier(deviceKey) else {
      throw TelemetryError.badSignature
    }
    return try read(record, deviceKey: deviceKey)
  }

  private static func read(
    _ record: CBORRecord, deviceKey: [UInt8]
  ) throws(TelemetryError) -> Batch {
    let schema = try parsed { () throws(CBORError) -> UInt64 in
      try record.expectOnly(["schema", "device", "records", "head"])
      return try record.unsigned(at: "schema")
    }
    guard schema == Self.schema else { throw TelemetryError.unknownSchema(schema) }
    let items = try parsed { () throws(CBORError) -> [CBORValue] in
      try record.array(at: "records", limit: recordLimit)
    }
    var encoded: [[UInt8]] = []
    var records: [WindowRecord] = []
    var hash: [UInt8] = []
    for item in items {
      guard case .bytes(let bytes) = item else {
        throw TelemetryError.malformed(
          .mistyped(path: "batch.records", expected: "an array of byte strings"))
      }
      let next = try WindowRecord.decode(bytes)
      if let last = records.last {
        // Between neighbours the hash must hold; over a gap (records lost on the device) only
        // the order and the stated loss can.
        let follows =
          next.sequence > last.sequence && next.lost >= last.lost
          && (next.sequence - last.sequence > 1 || next.previous == hash)
        guard follows else { throw TelemetryError.brokenChain(sequence: next.sequence) }
      }
      hash = SHA256.digest(bytes)
      encoded.append(bytes)
      records.append(next)
    }
    guard !records.isEmpty else { throw TelemetryError.empty }
    let head = try parsed { () throws(CBORError) -> [UInt8] in
      try record.bytes(at: "head", count: 32)
    }
    guard head == hash else { throw TelemetryError.headMismatch }
    return Batch(deviceKey: deviceKey, encodedRecords: encoded, records: records, head: head)
  }
}
