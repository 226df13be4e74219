import CBOR
import DriftStatistics
import Testing
import Wire

@Suite struct CodingTests {
  private func sample() throws -> (TelemetryContract, ReferenceStatistics) {
    var stream = Stream(seed: 21, taps: 3)
    let values = stream.rows(200)
    var contract = makeContract(values, window: 20, alarm: 0.01, bins: 4)
    contract.taps[1].function = .projection(seed: .max)
    contract.taps[2].function = .topClass
    contract.taps[2].categories = (0..<contract.taps[2].binCount).map { "class \($0)" }
    let reference = try ReferenceStatistics.make(
      contract: contract, values: values, draws: 200, seed: 1)
    return (contract, reference)
  }

  @Test func roundTrip() throws {
    let (contract, reference) = try sample()
    let bytes = contract.cbor().encoded()
    #expect(try TelemetryContract(cbor: CBORValue.decode(bytes)) == contract)
    let other = reference.cbor().encoded()
    let read = try ReferenceStatistics(cbor: CBORValue.decode(other), contract: contract)
    #expect(read == reference)
    #expect(read.cbor().encoded() == other)
  }

  /// Any flipped byte is refused or read to something that encodes to those very bytes; any
  /// truncation is refused. Nothing crashes, and a verdict over what was read does not either.
  @Test func flipsAndCutsAreSurvived() throws {
    let (contract, reference) = try sample()
    let bytes = reference.cbor().encoded()
    let window = WindowCounts(items: reference.items, taps: reference.taps)
    for index in bytes.indices {
      #expect(throws: CBORError.self) { try CBORValue.decode(Array(bytes[..<index])) }
      for bit in [0, 3, 7] as [UInt8] {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        guard let value = try? CBORValue.decode(flipped),
          let read = try? ReferenceStatistics(cbor: value, contract: contract)
        else { continue }
        #expect(read.cbor().encoded() == flipped)
        _ = try? Verdict.evaluate(contract: contract, reference: read, windows: [window])
      }
    }
    let other = contract.cbor().encoded()
    for index in other.indices {
      var flipped = other
      flipped[index] ^= 1 << UInt8(index % 8)
      guard let value = try? CBORValue.decode(flipped),
        let read = try? TelemetryContract(cbor: value)
      else { continue }
      #expect(read.cbor().encoded() == flipped)
      _ = try? Verdict.evaluate(contract: read, reference: reference, windows: [window])
    }
  }

  @Test func looseCountsAreRefused() {
    let counts = TapCounts(bins: [3, 4], below: 1, above: 0).cbor()
    #expect(throws: CBORError.self) { try TapCounts(cbor: counts, items: 8, path: "t") }
    #expect((try? TapCounts(cbor: counts, items: 7, path: "t")) != nil)
  }
}
