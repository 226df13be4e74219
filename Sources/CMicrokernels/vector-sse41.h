// The vocabulary of the x86 templates in SSE4.1: vectors of 4 accumulators.
#ifndef SWIFTLET_VECTOR_SSE41_H
#define SWIFTLET_VECTOR_SSE41_H

#include <immintrin.h>

#include "include/microkernel-types.h"

#define SWL_TARGET __attribute__((target("sse4.1")))
#define SWL_INLINE SWL_TARGET __attribute__((always_inline)) static inline

typedef __m128i vec;
/// Accumulators in a vector, rows of constants (ScaleLayout.sse), bytes of one step of a window, pixels
/// of a depthwise tile of several vectors: what the registers hold.
enum { lanes = 4, scale_rows = 7, step_bytes = 4, depthwise_pixels = 4 };

SWL_INLINE vec vec_zero(void) { return _mm_setzero_si128(); }
SWL_INLINE vec vec_load(const void *p) { return _mm_loadu_si128((const vec *)p); }
SWL_INLINE vec vec_broadcast(const void *p) { return _mm_set1_epi32(*(const int32_t *)p); }

/// sum + the products of two int16 to a lane.
SWL_INLINE vec vec_dot_words(vec sum, vec taps, vec weights) {
  return _mm_add_epi32(sum, _mm_madd_epi16(taps, weights));
}

SWL_INLINE vec vec_dot(vec sum, vec taps, vec weights) {
  return vec_dot_words(sum, taps, weights);
}

/// value >> shift, lane by lane, which SSE lacks: value * 2^(30 - shift) >> 30.
SWL_INLINE vec shift_by_power(vec value, vec power, vec power_odd) {
  vec even = _mm_mul_epi32(value, power);
  vec odd = _mm_mul_epi32(_mm_srli_epi64(value, 32), power_odd);
  return _mm_blend_epi16(_mm_srli_epi64(even, 30), _mm_slli_epi64(odd, 2), 0xcc);
}

/// The high words of 64-bit products and addends, shifted.
SWL_INLINE vec vec_scale(vec sum, const vec *constants, int is_twice) {
  if (is_twice) sum = _mm_add_epi32(sum, sum);
  vec even = _mm_add_epi64(_mm_mul_epi32(sum, constants[0]), constants[2]);
  vec odd = _mm_add_epi64(_mm_mul_epi32(_mm_srli_epi64(sum, 32), constants[1]), constants[3]);
  vec high = _mm_blend_epi16(_mm_srli_epi64(even, 32), odd, 0xcc);
  // Halves away from zero: the high word of a negative value gets one less than a half.
  if (is_twice) high = _mm_add_epi32(high, _mm_cmpgt_epi32(constants[6], high));
  return shift_by_power(high, constants[4], constants[5]);
}

typedef struct {
  vec minimum, maximum;
} vec_clamp;

SWL_INLINE vec_clamp vec_clamp_of(const swl_strip *strip) {
  return (vec_clamp){_mm_set1_epi8((char)strip->minimum), _mm_set1_epi8((char)strip->maximum)};
}

/// Four vectors of scaled values to bytes, in sequence.
SWL_INLINE vec vec_pack(const vec values[4], vec_clamp clamp) {
  vec bytes = _mm_packs_epi16(_mm_packs_epi32(values[0], values[1]),
                              _mm_packs_epi32(values[2], values[3]));
  return _mm_min_epi8(_mm_max_epi8(bytes, clamp.minimum), clamp.maximum);
}

SWL_INLINE vec vec_in_sequence(vec packed) { return packed; }

SWL_INLINE vec_clamp vec_clamp_of_words(const swl_strip *strip) {
  return (vec_clamp){_mm_set1_epi16((short)strip->minimum), _mm_set1_epi16((short)strip->maximum)};
}

/// Two vectors of scaled values to int16, in sequence.
SWL_INLINE vec vec_pack_words(vec first, vec second, vec_clamp clamp) {
  vec words = _mm_packs_epi32(first, second);
  return _mm_min_epi16(_mm_max_epi16(words, clamp.minimum), clamp.maximum);
}

SWL_INLINE vec vec_words_in_sequence(vec packed) { return packed; }

/// The bytes from the second half, or the second quarter, on.
SWL_INLINE vec vec_second_half(vec bytes) { return _mm_shuffle_epi32(bytes, 0x4e); }
SWL_INLINE vec vec_second_quarter(vec bytes) { return _mm_shuffle_epi32(bytes, 0x39); }

SWL_INLINE void vec_store(int8_t *target, vec bytes) { _mm_storeu_si128((vec *)target, bytes); }

/// The first `count` bytes, at most all.
SWL_INLINE void vec_store_first(int8_t *target, vec bytes, int count) {
  if (count >= 16) return vec_store(target, bytes);
  if (count & 8) {
    _mm_storel_epi64((vec *)target, bytes);
    bytes = _mm_srli_si128(bytes, 8);
    target += 8;
  }
  uint64_t rest = (uint64_t)_mm_cvtsi128_si64(bytes);
  for (int i = 0; i < (count & 7); i++, rest >>= 8) target[i] = (int8_t)rest;
}

#endif
