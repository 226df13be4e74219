#pragma once
#include <stddef.h>
#include <stdint.h>

// One HTTP exchange over libcurl, whose own interface is variadic.

typedef struct {
  const char *url;
  const char *content_type;
  const uint8_t *body;
  size_t body_bytes;
  /// Whole exchange, seconds.
  long timeout_seconds;
  /// Replies beyond this are refused.
  size_t reply_bytes_max;
  /// PEM file of a private CA, or NULL for the system's.
  const char *ca_file;
} swl_curl_request;

typedef struct {
  /// HTTP status, 0 when no reply came.
  long status;
  /// The body; free with swl_curl_reply_free.
  uint8_t *body;
  size_t body_bytes;
  /// Why there was no reply; static text, NULL on success.
  const char *error;
} swl_curl_reply;

/// POSTs the body. Only http and https, no redirects.
void swl_curl_post(const swl_curl_request *request, swl_curl_reply *reply);
void swl_curl_reply_free(swl_curl_reply *reply);
