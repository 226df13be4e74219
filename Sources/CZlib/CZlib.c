#include "CZlib.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

int32_t swl_inflate_exactly(const void *source, size_t source_count, void *target,
                            size_t target_count) {
  if (source_count > UINT_MAX || target_count > UINT_MAX) return -1;
  unsigned char spare = 0;
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return -1;
  stream.next_in = (Bytef *)source;
  stream.avail_in = (uInt)source_count;
  // zlib wants an address even for nothing.
  stream.next_out = target_count > 0 ? target : &spare;
  stream.avail_out = (uInt)target_count;
  int result = inflate(&stream, Z_FINISH);
  int32_t exact = result == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  return exact ? 0 : -1;
}

uint32_t swl_crc32(const void *bytes, size_t count) {
  return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, count);
}
