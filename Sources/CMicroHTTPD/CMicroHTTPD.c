#include "CMicroHTTPD.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct swl_http_server {
  struct MHD_Daemon *daemon;
  swl_http_handler handler;
  void *context;
  size_t body_bytes_max;
};

struct swl_http_exchange {
  struct MHD_Connection *connection;
  const char *method;
  const char *path;
  uint8_t *body;
  size_t length;
  size_t capacity;
  int too_large;
  enum MHD_Result result;
};

static void send_reply(swl_http_exchange *exchange, unsigned status, const char *content_type,
                       const uint8_t *body, size_t length) {
  struct MHD_Response *response =
      MHD_create_response_from_buffer(length, (void *)body, MHD_RESPMEM_MUST_COPY);
  if (!response) {
    exchange->result = MHD_NO;
    return;
  }
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
  MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  MHD_add_response_header(response, "Content-Security-Policy",
                          "default-src 'none'; style-src 'unsafe-inline'");
  MHD_add_response_header(response, "Cache-Control", "no-store");
  exchange->result = MHD_queue_response(exchange->connection, status, response);
  MHD_destroy_response(response);
}

void swl_http_reply(swl_http_exchange *exchange, unsigned status, const char *content_type,
                    const uint8_t *body, size_t length) {
  send_reply(exchange, status, content_type, body, length);
}

static int append(swl_http_exchange *exchange, const char *data, size_t count, size_t limit) {
  if (count > limit - exchange->length) return 0;
  if (exchange->length + count > exchange->capacity) {
    size_t capacity = exchange->capacity ? exchange->capacity : 4096;
    while (capacity < exchange->length + count) capacity *= 2;
    uint8_t *grown = realloc(exchange->body, capacity);
    if (!grown) return 0;
    exchange->body = grown;
    exchange->capacity = capacity;
  }
  memcpy(exchange->body + exchange->length, data, count);
  exchange->length += count;
  return 1;
}

// libmicrohttpd calls this once with the headers, once per piece of body, and a last time at the end.
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *url, const char *method, const char *version,
                                  const char *data, size_t *data_length, void **state) {
  (void)version;
  swl_http_server *server = context;
  swl_http_exchange *exchange = *state;
  if (!exchange) {
    exchange = calloc(1, sizeof *exchange);
    if (!exchange) return MHD_NO;
    exchange->connection = connection;
    *state = exchange;
    return MHD_YES;
  }
  if (*data_length > 0) {
    // An oversized body is read to its end and dropped: answering early would reset the connection
    // before the client could read the reply.
    if (!exchange->too_large && !append(exchange, data, *data_length, server->body_bytes_max)) {
      exchange->too_large = 1;
    }
    *data_length = 0;
    return MHD_YES;
  }
  exchange->method = method;
  exchange->path = url;
  exchange->result = MHD_NO;
  if (exchange->too_large) {
    static const char text[] = "request body too large\n";
    send_reply(exchange, 413, "text/plain; charset=utf-8", (const uint8_t *)text, sizeof text - 1);
  } else {
    server->handler(server->context, exchange);
  }
  return exchange->result;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
  (void)context;
  (void)connection;
  (void)code;
  swl_http_exchange *exchange = *state;
  if (!exchange) return;
  free(exchange->body);
  free(exchange);
  *state = NULL;
}

swl_http_server *swl_http_start(const char *address, uint16_t port, size_t body_bytes_max,
                                unsigned connections_max, swl_http_handler handler,
                                void *context) {
  struct sockaddr_in socket_address = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, address, &socket_address.sin_addr) != 1) {
    errno = EINVAL;
    return NULL;
  }
  swl_http_server *server = calloc(1, sizeof *server);
  if (!server) return NULL;
  server->handler = handler;
  server->context = context;
  server->body_bytes_max = body_bytes_max;
  struct MHD_OptionItem options[] = {
      {MHD_OPTION_SOCK_ADDR, 0, &socket_address},
      {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)connections_max, NULL},
      {MHD_OPTION_CONNECTION_TIMEOUT, 30, NULL},
      {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)&on_completed, NULL},
      {MHD_OPTION_END, 0, NULL},
  };
  server->daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, port, NULL,
                                    NULL, &on_request, server, MHD_OPTION_ARRAY, options,
                                    MHD_OPTION_END);
  if (!server->daemon) {
    int saved = errno ? errno : EADDRINUSE;
    free(server);
    errno = saved;
    return NULL;
  }
  return server;
}

int32_t swl_http_last_error(void) { return errno; }

uint16_t swl_http_port(const swl_http_server *server) {
  const union MHD_DaemonInfo *info =
      MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info ? info->port : 0;
}

void swl_http_stop(swl_http_server *server) {
  MHD_stop_daemon(server->daemon);
  free(server);
}

const char *swl_http_method(const swl_http_exchange *exchange) { return exchange->method; }
const char *swl_http_path(const swl_http_exchange *exchange) { return exchange->path; }

const uint8_t *swl_http_body(const swl_http_exchange *exchange, size_t *length) {
  *length = exchange->length;
  return exchange->body;
}
