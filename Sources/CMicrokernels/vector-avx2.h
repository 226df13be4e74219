// The vocabulary of the x86 templates in AVX2, with dot products where SWL_AVXVNNI is defined:
// vectors of 8 accumulators.
#ifndef SWIFTLET_VECTOR_AVX2_H
#define SWIFTLET_VECTOR_AVX2_H

#include <immintrin.h>

#include "include/microkernel-types.h"

#ifdef SWL_AVXVNNI
#define SWL_TARGET __attribute__((target("avx2,avxvnni")))
#else
#define SWL_TARGET __attribute__((target("avx2")))
#endif
#define SWL_INLINE SWL_TARGET __attribute__((always_inline)) static inline

typedef __m256i vec;
/// Accumulators in a vector, rows of constants (ScaleLayout.x86), bytes of one step of a window, pixels
/// of a depthwise tile of several vectors: what the registers hold.
enum { lanes = 8, scale_rows = 6, step_bytes = 4, depthwise_pixels = 2 };

SWL_INLINE vec vec_zero(void) { return _mm256_setzero_si256(); }
SWL_INLINE vec vec_load(const void *p) { return _mm256_loadu_si256((const vec *)p); }
SWL_INLINE vec vec_broadcast(const void *p) { return _mm256_set1_epi32(*(const int32_t *)p); }

/// sum + the products of two int16 to a lane.
SWL_INLINE vec vec_dot_words(vec sum, vec taps, vec weights) {
#ifdef SWL_AVXVNNI
  return _mm256_dpwssd_avx_epi32(sum, taps, weights);
#else
  return _mm256_add_epi32(sum, _mm256_madd_epi16(taps, weights));
#endif
}

/// sum + the products of taps and weights: four unsigned and signed bytes to a lane, or two int16.
SWL_INLINE vec vec_dot(vec sum, vec taps, vec weights) {
#ifdef SWL_AVXVNNI
  return _mm256_dpbusd_avx_epi32(sum, taps, weights);
#else
  return vec_dot_words(sum, taps, weights);
#endif
}

/// The high words of 64-bit products and addends, shifted.
SWL_INLINE vec vec_scale(vec sum, const vec *constants, int is_twice) {
  if (is_twice) sum = _mm256_add_epi32(sum, sum);
  vec even = _mm256_add_epi64(_mm256_mul_epi32(sum, constants[0]), constants[2]);
  vec odd = _mm256_add_epi64(
      _mm256_mul_epi32(_mm256_srli_epi64(sum, 32), constants[1]), constants[3]);
  vec high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
  // Halves away from zero: the high word of a negative value gets one less than a half.
  if (is_twice) high = _mm256_add_epi32(high, _mm256_cmpgt_epi32(constants[5], high));
  return _mm256_srav_epi32(high, constants[4]);
}

typedef struct {
  vec minimum, maximum;
} vec_clamp;

SWL_INLINE vec_clamp vec_clamp_of(const swl_strip *strip) {
  return (vec_clamp){_mm256_set1_epi8((char)strip->minimum),
                     _mm256_set1_epi8((char)strip->maximum)};
}

/// Four vectors of scaled values to bytes; of every 128-bit part, four of each vector in turn.
SWL_INLINE vec vec_pack(const vec values[4], vec_clamp clamp) {
  vec bytes = _mm256_packs_epi16(_mm256_packs_epi32(values[0], values[1]),
                                 _mm256_packs_epi32(values[2], values[3]));
  return _mm256_min_epi8(_mm256_max_epi8(bytes, clamp.minimum), clamp.maximum);
}

/// Undoes the order of vec_pack: the outputs of each vector in turn.
SWL_INLINE vec vec_in_sequence(vec packed) {
  return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

SWL_INLINE vec_clamp vec_clamp_of_words(const swl_strip *strip) {
  return (vec_clamp){_mm256_set1_epi16((short)strip->minimum),
                     _mm256_set1_epi16((short)strip->maximum)};
}

/// Two vectors of scaled values to int16; of every 128-bit part, four of each vector in turn.
SWL_INLINE vec vec_pack_words(vec first, vec second, vec_clamp clamp) {
  vec words = _mm256_packs_epi32(first, second);
  return _mm256_min_epi16(_mm256_max_epi16(words, clamp.minimum), clamp.maximum);
}

/// Undoes the order of vec_pack_words.
SWL_INLINE vec vec_words_in_sequence(vec packed) { return _mm256_permute4x64_epi64(packed, 0xd8); }

/// The bytes from the second half, or the second quarter, on.
SWL_INLINE vec vec_second_half(vec bytes) { return _mm256_permute4x64_epi64(bytes, 0x4e); }
SWL_INLINE vec vec_second_quarter(vec bytes) { return _mm256_permute4x64_epi64(bytes, 0x39); }

SWL_INLINE void vec_store(int8_t *target, vec bytes) { _mm256_storeu_si256((vec *)target, bytes); }

/// The first `count` bytes, at most all.
SWL_INLINE void vec_store_first(int8_t *target, vec bytes, int count) {
  if (count >= 32) return vec_store(target, bytes);
  __m128i part = _mm256_castsi256_si128(bytes);
  if (count & 16) {
    _mm_storeu_si128((__m128i *)target, part);
    part = _mm256_extracti128_si256(bytes, 1);
    target += 16;
  }
  if (count & 8) {
    _mm_storel_epi64((__m128i *)target, part);
    part = _mm_srli_si128(part, 8);
    target += 8;
  }
  uint64_t rest = (uint64_t)_mm_cvtsi128_si64(part);
  for (int i = 0; i < (count & 7); i++, rest >>= 8) target[i] = (int8_t)rest;
}

#endif
