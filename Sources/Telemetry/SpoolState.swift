import CBOR

/// What the spool remembers beside its segments, replaced atomically.
struct SpoolState {
  var boot: UInt64 = 0
  var nextSequence: UInt64 = 1
  var acknowledged: UInt64 = 0
  var lost: UInt64 = 0
  var head = [UInt8](repeating: 0, count: 32)

  func encoded() -> [UInt8] {
    CBORValue.map([
      "boot": .unsigned(boot), "next": .unsigned(nextSequence),
      "acknowledged": .unsigned(acknowledged), "lost": .unsigned(lost), "head": .bytes(head),
    ]).encoded()
  }

  static func decode(_ bytes: [UInt8]) throws(CBORError) -> SpoolState {
    let record = try CBORRecord(try CBORValue.decode(bytes, depth: 2, items: 16), path: "spool")
    try record.expectOnly(["boot", "next", "acknowledged", "lost", "head"])
    var state = SpoolState()
    state.boot = try record.unsigned(at: "boot")
    state.nextSequence = try record.unsigned(at: "next")
    state.acknowledged = try record.unsigned(at: "acknowledged")
    state.lost = try record.unsigned(at: "lost")
    state.head = try record.bytes(at: "head", count: 32)
    let limit = UInt64(Int64.max)
    guard state.nextSequence > 0, state.nextSequence < limit, state.boot < limit,
      state.lost < limit, state.acknowledged < state.nextSequence
    else { throw CBORError.outOfRange(path: "spool") }
    return state
  }
}
