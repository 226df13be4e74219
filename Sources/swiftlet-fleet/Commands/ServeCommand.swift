import CommandLineKit
import FleetServer
import FleetStore
import System

/// `serve`: takes telemetry and shows pages until it is told to stop.
enum ServeCommand {
  static let command = Command(
    CommandSpec(
      name: "serve", summary: "take telemetry over HTTP and show the fleet's pages",
      discussion: "Devices POST signed batches to /v1/telemetry. / and /release/ID are pages, "
        + "/metrics is for Prometheus, /healthz for probes. Pages need no password: listen on "
        + "another address than 127.0.0.1 only behind a proxy that asks for one and speaks TLS. "
        + "SIGTERM ends it with exit code 0, SIGINT with 130; what was acknowledged is stored.",
      options: [
        StoreAccess.option,
        .value(
          "port", short: "p", "PORT", "the port, 8080 when not given; 0 lets the system choose"),
        .value("address", "IPV4", "the address, 127.0.0.1 when not given"),
        .value("address-file", "FILE", "write the URL there once requests are answered"),
      ],
      examples: [ExampleSpec("serve --store fleet --port 8080", "prints http://127.0.0.1:8080")]),
    run: run)

  private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    let store = try StoreAccess.open(arguments)
    let port = try arguments.integer("--port", in: 0...65535) ?? 8080
    let address = arguments.value("--address") ?? "127.0.0.1"
    let service = FleetService(store: store)
    CurrentProcess.catchInterrupts()
    let server: HTTPServer
    do throws(ListenError) {
      server = try HTTPServer(address: address, port: UInt16(port)) { service.answer($0) }
    } catch {
      throw CommandFailure(
        .failed, "cannot listen on \(address):\(port): \(error.message)",
        hint: "another program may have the port; try --port 0")
    }
    let url = "http://\(address):\(server.port)"
    if let file = arguments.value("--address-file") {
      try StoreAccess.file { () throws(SystemError) in
        try File.writeAtomically(file, Array("\(url)\n".utf8))
      }
    }
    console.out(url)
    withExtendedLifetime(server) {
      while !CurrentProcess.isInterrupted, console.outputError == nil {
        Clock.sleep(nanoseconds: 50_000_000)
      }
    }
    if CurrentProcess.isInterruptedFromKeyboard {
      throw CommandFailure(.interrupted, "interrupted")
    }
  }
}
