import CMicroHTTPD
import Foundation

/// One request, whole.
public struct HTTPRequest: Sendable {
  /// `GET`, `POST`, …
  public let method: String
  /// The path without the query.
  public let path: String
  /// The body, at most the server's limit.
  public let body: [UInt8]
}

/// What is sent back.
public struct HTTPReply: Sendable {
  /// Status code.
  public let status: Int
  /// Media type.
  public let contentType: String
  /// Body.
  public let body: [UInt8]

  /// Creates a reply.
  public init(status: Int, contentType: String, body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  /// A plain text reply.
  public static func text(_ status: Int, _ text: String) -> HTTPReply {
    HTTPReply(
      status: status, contentType: "text/plain; charset=utf-8", body: Array("\(text)\n".utf8))
  }

  /// A page.
  public static func html(_ text: String) -> HTTPReply {
    HTTPReply(status: 200, contentType: "text/html; charset=utf-8", body: Array(text.utf8))
  }
}

/// A port could not be listened on.
public struct ListenError: Error, Equatable {
  /// errno of the failed call.
  public let code: Int32

  /// The system's reason.
  public var message: String { String(cString: strerror(code)) }
}

/// An HTTP/1.1 server over libmicrohttpd. The handler runs on the server's own thread.
public final class HTTPServer {
  private final class Handler {
    let answer: @Sendable (HTTPRequest) -> HTTPReply
    init(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPReply) { self.answer = answer }
  }

  private let server: OpaquePointer
  private let handler: Handler

  /// Listens until deinitialised.
  ///
  /// - Parameters:
  ///   - address: IPv4 address, e.g. `127.0.0.1`.
  ///   - port: 0 lets the system choose.
  ///   - bodyBytesMax: longer bodies get 413.
  public init(
    address: String, port: UInt16, bodyBytesMax: Int = 8 << 20, connectionsMax: UInt32 = 256,
    answer: @escaping @Sendable (HTTPRequest) -> HTTPReply
  ) throws(ListenError) {
    let handler = Handler(answer)
    let context = Unmanaged.passUnretained(handler).toOpaque()
    let started = swl_http_start(
      address, port, bodyBytesMax, connectionsMax,
      { context, exchange in
        guard let context, let exchange else { return }
        let handler = Unmanaged<Handler>.fromOpaque(context).takeUnretainedValue()
        HTTPServer.serve(exchange, handler.answer)
      }, context)
    guard let started else { throw ListenError(code: swl_http_last_error()) }
    server = started
    self.handler = handler
  }

  deinit { swl_http_stop(server) }

  /// The port listened on.
  public var port: UInt16 { swl_http_port(server) }

  private static func serve(
    _ exchange: OpaquePointer, _ answer: (HTTPRequest) -> HTTPReply
  ) {
    var length = 0
    let body = swl_http_body(exchange, &length)
    let request = HTTPRequest(
      method: String(cString: swl_http_method(exchange)),
      path: String(cString: swl_http_path(exchange)),
      body: Array(UnsafeBufferPointer(start: body, count: length)))
    let reply = answer(request)
    swl_http_reply(
      exchange, UInt32(reply.status), reply.contentType, reply.body, reply.body.count)
  }
}
