import BundleFormat
import CBOR
import DeviceRuntime
import DriftStatistics
import Foundation
import PlanFormat
import Sealing
import Telemetry
import TestSupport
import Testing
import Wire

/// Files of the first version of every format, written once and never again: whatever comes later
/// still reads them, to the same release, the same outputs and the same verdict.
@Suite("frozen files") struct FrozenTests {
  static func file(_ name: String) throws -> [UInt8] {
    let folder = Package.root.appendingPathComponent("Tests/BundleTests/Frozen")
    return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  static func bundle() throws -> VerifiedBundle {
    try Crypto.initialize()
    let author = try KeyFile.parsePublic(file("author.pub"))
    return try BundleVerifier(opener: SodiumZstd())
      .verify(file("digits-1.swb"), trust: TrustPolicy(keys: [author]))
  }

  @Test func bundleOneIsTheSameRelease() throws {
    #expect(
      Hex.encode(try Self.bundle().release)
        == "ec8d247dca3246dd63e0041864b441441172ec16831e9edb4512d2b0b1249d25")
  }

  @Test func bundleOneStillComputesTheSame() throws {
    let bundle = try Self.bundle()
    let session = try Session(plan: bundle.section(.plan), weights: bundle.section(.weights))
    try GoldenVectors(decoding: bundle.section(.golden)).check(session)
  }

  @Test func planOneEncodesToItsOwnBytes() throws {
    let bytes = try Self.bundle().section(.plan)
    #expect(try Plan(decoding: bytes).encoded() == bytes)
  }

  @Test func telemetryOneGivesTheSameVerdict() throws {
    let bundle = try Self.bundle()
    let contract = try #require(bundle.manifest.telemetry)
    let reference = try ReferenceStatistics(
      cbor: CBORValue.decode(bundle.section(.reference, plan: "")), contract: contract)
    let batch = try Batch.verify(Self.file("telemetry-1.batch"), with: SodiumVerifier())
    #expect(batch.records.allSatisfy { $0.content.release == bundle.release })
    let verdict = try Verdict.evaluate(
      contract: contract, reference: reference, windows: batch.records.map(\.content.counts))
    #expect(
      verdict.sentence
        == "drifted: pixel deviation: 340 of 540 items below the reference's lowest 4.18 (intensity 0–16), p = 8.4e-131, since window 1 of 4 (and 8 more)"
    )
  }
}
