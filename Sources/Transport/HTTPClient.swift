import CCurl

/// Why an upload got no reply.
public struct TransportError: Error, Equatable {
  /// libcurl's reason.
  public let reason: String
}

/// The networked build's way out: HTTP and HTTPS through libcurl.
public enum HTTPClient {
  /// A server's answer.
  public struct Reply: Sendable, Equatable {
    /// HTTP status code.
    public let status: Int
    /// The body, at most 1 MiB.
    public let body: [UInt8]
  }

  /// POSTs bytes and waits for the reply.
  ///
  /// - Parameters:
  ///   - url: `http://` or `https://`.
  ///   - contentType: media type of the body.
  ///   - timeoutSeconds: limit for the whole exchange.
  ///   - authority: PEM file of a private certificate authority; nil trusts the system's.
  /// - Throws: `TransportError` when no reply came.
  public static func post(
    url: String, contentType: String, body: [UInt8], timeoutSeconds: Int = 60,
    authority: String? = nil
  ) throws(TransportError) -> Reply {
    var reply = swl_curl_reply()
    url.withCString { url in
      contentType.withCString { contentType in
        body.withUnsafeBufferPointer { body in
          withOptionalCString(authority) { authority in
            var request = swl_curl_request(
              url: url, content_type: contentType, body: body.baseAddress, body_bytes: body.count,
              timeout_seconds: timeoutSeconds, reply_bytes_max: 1 << 20, ca_file: authority)
            swl_curl_post(&request, &reply)
          }
        }
      }
    }
    defer { swl_curl_reply_free(&reply) }
    if let error = reply.error { throw TransportError(reason: String(cString: error)) }
    let bytes = UnsafeBufferPointer(start: reply.body, count: reply.body_bytes)
    return Reply(status: reply.status, body: Array(bytes))
  }

  private static func withOptionalCString(
    _ text: String?, _ body: (UnsafePointer<CChar>?) -> Void
  ) {
    if let text { text.withCString { body($0) } } else { body(nil) }
  }
}
