// The vocabulary of the x86 templates in AVX-512 with VNNI: vectors of 16 accumulators.
#ifndef SWIFTLET_VECTOR_AVX512_H
#define SWIFTLET_VECTOR_AVX512_H

#include <immintrin.h>

#include "include/microkernel-types.h"

#define SWL_TARGET \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni")))
#define SWL_INLINE SWL_TARGET __attribute__((always_inline)) static inline

typedef __m512i vec;
/// Accumulators in a vector, rows of constants (ScaleLayout.x86), bytes of one step of a window, pixels
/// of a depthwise tile of several vectors: what the registers hold.
enum { lanes = 16, scale_rows = 6, step_bytes = 4, depthwise_pixels = 4 };

SWL_INLINE vec vec_zero(void) { return _mm512_setzero_si512(); }
SWL_INLINE vec vec_load(const void *p) { return _mm512_loadu_si512(p); }
SWL_INLINE vec vec_broadcast(const void *p) { return _mm512_set1_epi32(*(const int32_t *)p); }

/// sum + the products of unsigned taps and signed weights, four to a lane.
SWL_INLINE vec vec_dot(vec sum, vec taps, vec weights) {
  return _mm512_dpbusd_epi32(sum, taps, weights);
}

/// sum + the products of two int16 to a lane.
SWL_INLINE vec vec_dot_words(vec sum, vec taps, vec weights) {
  return _mm512_dpwssd_epi32(sum, taps, weights);
}

/// The high words of 64-bit products and addends, shifted; `odd` has the odd lanes' sums at even ones.
SWL_INLINE vec vec_scale_halves(vec sum, vec odd, const vec *constants, int is_twice) {
  if (is_twice) {
    sum = _mm512_add_epi32(sum, sum);
    odd = _mm512_add_epi32(odd, odd);
  }
  sum = _mm512_add_epi64(_mm512_mul_epi32(sum, constants[0]), constants[2]);
  odd = _mm512_add_epi64(_mm512_mul_epi32(odd, constants[1]), constants[3]);
  vec high = _mm512_mask_shuffle_epi32(odd, 0x5555, sum, _MM_PERM_DDBB);
  if (is_twice) {
    // Halves away from zero: the high word of a negative value gets one less than a half. The one
    // is hidden lest the compiler makes a vector of the mask to add it.
    vec one = _mm512_set1_epi32(1);
    __asm__("" : "+v"(one));
    __mmask16 negative = _mm512_cmplt_epi32_mask(high, constants[5]);
    high = _mm512_mask_sub_epi32(high, negative, high, one);
  }
  return _mm512_srav_epi32(high, constants[4]);
}

SWL_INLINE vec vec_scale(vec sum, const vec *constants, int is_twice) {
  return vec_scale_halves(sum, _mm512_srli_epi64(sum, 32), constants, is_twice);
}

typedef struct {
  vec minimum, maximum;
} vec_clamp;

SWL_INLINE vec_clamp vec_clamp_of(const swl_strip *strip) {
  return (vec_clamp){_mm512_set1_epi8((char)strip->minimum),
                     _mm512_set1_epi8((char)strip->maximum)};
}

/// Four vectors of scaled values to bytes; of every 128-bit part, four of each vector in turn.
SWL_INLINE vec vec_pack(const vec values[4], vec_clamp clamp) {
  vec bytes = _mm512_packs_epi16(_mm512_packs_epi32(values[0], values[1]),
                                 _mm512_packs_epi32(values[2], values[3]));
  return _mm512_min_epi8(_mm512_max_epi8(bytes, clamp.minimum), clamp.maximum);
}

/// Undoes the order of vec_pack: the outputs of each vector in turn.
SWL_INLINE vec vec_in_sequence(vec packed) {
  const vec order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, packed);
}

SWL_INLINE vec_clamp vec_clamp_of_words(const swl_strip *strip) {
  return (vec_clamp){_mm512_set1_epi16((short)strip->minimum),
                     _mm512_set1_epi16((short)strip->maximum)};
}

/// Two vectors of scaled values to int16; of every 128-bit part, four of each vector in turn.
SWL_INLINE vec vec_pack_words(vec first, vec second, vec_clamp clamp) {
  vec words = _mm512_packs_epi32(first, second);
  return _mm512_min_epi16(_mm512_max_epi16(words, clamp.minimum), clamp.maximum);
}

/// Undoes the order of vec_pack_words.
SWL_INLINE vec vec_words_in_sequence(vec packed) {
  const vec order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  return _mm512_permutexvar_epi64(order, packed);
}

/// The bytes from the second half, or the second quarter, on.
SWL_INLINE vec vec_second_half(vec bytes) { return _mm512_shuffle_i64x2(bytes, bytes, 0x4e); }
SWL_INLINE vec vec_second_quarter(vec bytes) { return _mm512_shuffle_i64x2(bytes, bytes, 0x39); }

SWL_INLINE void vec_store(int8_t *target, vec bytes) { _mm512_storeu_si512(target, bytes); }

/// The first `count` bytes, at most all.
SWL_INLINE void vec_store_first(int8_t *target, vec bytes, int count) {
  const __mmask64 mask = count >= 64 ? ~0ull : (1ull << count) - 1;
  _mm512_mask_storeu_epi8(target, mask, bytes);
}

#endif
