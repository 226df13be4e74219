#pragma once
#include <stddef.h>
#include <stdint.h>

// A small HTTP/1.1 server over libmicrohttpd: whole request bodies up to a limit, one reply each.
// libmicrohttpd's own start function is variadic and its constants are macros Swift cannot see.

typedef struct swl_http_server swl_http_server;
typedef struct swl_http_exchange swl_http_exchange;

/// Answers one request; runs on the server's thread and must call swl_http_reply exactly once.
typedef void (*swl_http_handler)(void *context, swl_http_exchange *exchange);

/// Starts a server on an IPv4 address. `port` 0 lets the system choose. NULL on failure: see swl_http_last_error.
swl_http_server *swl_http_start(const char *address, uint16_t port, size_t body_bytes_max,
                                unsigned connections_max, swl_http_handler handler,
                                void *context);
/// errno of the failed start on this thread.
int32_t swl_http_last_error(void);
/// The port listened on.
uint16_t swl_http_port(const swl_http_server *server);
/// Stops accepting, waits for running requests, frees the server.
void swl_http_stop(swl_http_server *server);

const char *swl_http_method(const swl_http_exchange *exchange);
/// The path as sent, without the query.
const char *swl_http_path(const swl_http_exchange *exchange);
const uint8_t *swl_http_body(const swl_http_exchange *exchange, size_t *length);

/// Sends a reply; the body is copied.
void swl_http_reply(swl_http_exchange *exchange, unsigned status, const char *content_type,
                    const uint8_t *body, size_t length);
