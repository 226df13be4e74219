// The two calls of zlib that reading .npz files needs.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Inflates a raw deflate stream that must fill target exactly and use source up.
// 0 on success, -1 otherwise.
int32_t swl_inflate_exactly(const void *source, size_t source_count, void *target,
                            size_t target_count);

// CRC-32 (ISO-HDLC), as ZIP uses it.
uint32_t swl_crc32(const void *bytes, size_t count);
