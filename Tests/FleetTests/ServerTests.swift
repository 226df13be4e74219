import FleetServer
import FleetStore
import Foundation
import TestSupport
import Testing
import Wire

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

private func exchange(_ url: String, post body: [UInt8]? = nil) async throws -> (Int, String) {
  var request = URLRequest(url: try #require(URL(string: url)), timeoutInterval: 20)
  if let body {
    request.httpMethod = "POST"
    request.httpBody = Data(body)
    request.setValue("application/cbor", forHTTPHeaderField: "Content-Type")
  }
  let (data, response) = try await URLSession.shared.data(for: request)
  let status = (response as? HTTPURLResponse)?.statusCode ?? 0
  return (status, String(decoding: data, as: UTF8.self))
}

@Suite struct ServerTests {
  @Test func endToEndOverLoopback() async throws {
    let fleet = try Fleet()
    let service = FleetService(store: fleet.store)
    let server = try HTTPServer(address: "127.0.0.1", port: 0) { service.answer($0) }
    let home = "http://127.0.0.1:\(server.port)"
    let device = try fleet.device(60, windows: 8, shift: 2)
    let batch = try device.batch()
    let first = try await exchange("\(home)/v1/telemetry", post: batch)
    #expect(first.0 == 200)
    #expect(first.1.contains("\"accepted\":8") && first.1.contains("\"state\":\"pending\""))
    try fleet.store.approve("all")
    let second = try await exchange("\(home)/v1/telemetry", post: batch)
    #expect(second.1.contains("\"duplicates\":8") && second.1.contains("\"approved\""))
    let damaged = try await exchange("\(home)/v1/telemetry", post: Array(batch.dropLast()))
    #expect(damaged.0 == 400 && damaged.1.contains("telemetry batch"))
    let page = try await exchange("\(home)/")
    #expect(page.0 == 200 && page.1.contains("drifted"))
    let release = try await exchange("\(home)/release/\(fleet.release.hex.prefix(10))")
    #expect(release.0 == 200 && release.1.contains("Evidence"))
    #expect(try await exchange("\(home)/healthz").1 == "ok\n")
    #expect(try await exchange("\(home)/metrics").1.contains("swiftlet_release_drifted{"))
    #expect(try await exchange("\(home)/nothing").0 == 404)
    #expect(try await exchange("\(home)/v1/telemetry").0 == 405)
    let big = [UInt8](repeating: 0, count: 9 << 20)
    #expect(try await exchange("\(home)/v1/telemetry", post: big).0 == 413)
    var early = try fleet.device(62, windows: 1)
    var stream = SampleStream(generator: SplitMix64(seed: 62))
    early.append(fleet.sample.window(&stream), release: [UInt8](repeating: 9, count: 32))
    #expect(try await exchange("\(home)/v1/telemetry", post: try early.batch()).0 == 409)
    try fleet.store.revoke("all")
    #expect(try await exchange("\(home)/v1/telemetry", post: batch).0 == 403)
    withExtendedLifetime(server) {}
  }

  /// What was acknowledged is there after the server was killed without warning.
  @Test func acknowledgedWindowsSurviveKill() async throws {
    let fleet = try Fleet()
    let device = try fleet.device(61, windows: 6)
    let process = Process()
    process.executableURL = Tool.folder.appendingPathComponent("swiftlet-fleet")
    let addressFile = fleet.folder.file("address")
    process.arguments = [
      "serve", "--store", fleet.store.path, "--port", "0", "--address-file", addressFile,
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    defer { kill(process.processIdentifier, SIGKILL) }
    var address = ""
    for _ in 0..<200 where address.isEmpty {
      try await Task.sleep(for: .milliseconds(50))
      address = (try? String(contentsOfFile: addressFile, encoding: .utf8)) ?? ""
    }
    let home = address.trimmingCharacters(in: .whitespacesAndNewlines)
    let reply = try await exchange("\(home)/v1/telemetry", post: try device.batch(0..<4))
    #expect(reply.0 == 200)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    let reopened = try FleetStore(path: fleet.store.path)
    #expect(try reopened.windows(release: fleet.release.identifier).count == 4)
    let rest = try reopened.ingest(try device.batch(), now: 2)
    #expect(rest.accepted == 2 && rest.duplicates == 4)
  }

  @Test func commandsFromInitToReport() throws {
    let folder = try TemporaryFolder()
    let sample = try #require(SampleRelease.shared)
    let store = folder.file("fleet")
    let bundle = try folder.write("bolts.swb", try sample.bundle())
    #expect(try Tool.run("swiftlet-fleet", ["init", "--store", store]).code == 0)
    let published = try Tool.run("swiftlet-fleet", ["publish", "--store", store, bundle])
    #expect(published.code == 0 && published.errorText.contains("trusted from now on"))
    let hex = String(published.text.prefix(64))
    let release = try #require(try FleetStore(path: store).release(prefix: hex))
    var device = try SampleDevice(62, release: release.identifier)
    device.measure(6, of: sample, shift: 2)
    let batch = try folder.write("batch.cbor", try device.batch())
    let ingested = try Tool.run("swiftlet-fleet", ["ingest", "--store", store, batch])
    #expect(ingested.code == 0 && ingested.text.contains("6 accepted"))
    #expect(try Tool.run("swiftlet-fleet", ["report", "--store", store]).code == 0)
    let approved = try Tool.run(
      "swiftlet-fleet", ["devices", "--store", store, "--approve", "all"])
    #expect(approved.text.contains("\(device.identifier)  approved  6 windows"))
    let report = try Tool.run("swiftlet-fleet", ["report", "--store", store, "--json"])
    #expect(report.code == 13 && report.text.contains("\"state\":\"drifted\""))
    let output = folder.file("windows.jsonl")
    let exported = try Tool.run(
      "swiftlet-fleet", ["export", "--store", store, "--release", hex, "-o", output])
    #expect(exported.code == 0)
    #expect(try folder.read("windows.jsonl").split(separator: 0x0a).count == 6)
    let bad = try Tool.run("swiftlet-fleet", ["ingest", "--store", store, bundle])
    #expect(bad.code == 10)
  }
}
