#include "CCurl.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

struct sink {
  swl_curl_reply *reply;
  size_t limit;
};

static size_t on_data(char *data, size_t size, size_t count, void *context) {
  struct sink *sink = context;
  size_t bytes = size * count;
  if (bytes > sink->limit - sink->reply->body_bytes) return 0;
  uint8_t *grown = realloc(sink->reply->body, sink->reply->body_bytes + bytes + 1);
  if (!grown) return 0;
  memcpy(grown + sink->reply->body_bytes, data, bytes);
  sink->reply->body = grown;
  sink->reply->body_bytes += bytes;
  return bytes;
}

void swl_curl_post(const swl_curl_request *request, swl_curl_reply *reply) {
  memset(reply, 0, sizeof *reply);
  CURL *curl = curl_easy_init();
  if (!curl) {
    reply->error = "libcurl could not start";
    return;
  }
  char header[128];
  strcpy(header, "Content-Type: ");
  strncat(header, request->content_type, sizeof header - strlen(header) - 1);
  // Without this libcurl waits a second for "100 Continue" from servers that never send it.
  struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
  headers = curl_slist_append(headers, header);
  struct sink sink = {reply, request->reply_bytes_max};
  curl_easy_setopt(curl, CURLOPT_URL, request->url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)request->body);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, request->timeout_seconds);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "swiftletd");
  if (request->ca_file) curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
  CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
  } else {
    reply->error = curl_easy_strerror(code);
  }
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
}

void swl_curl_reply_free(swl_curl_reply *reply) {
  free(reply->body);
  reply->body = NULL;
}
