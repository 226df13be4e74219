// The vocabulary of the x86 templates in AVX-512 with VNNI: vectors of 16 accumulators.
#ifndef SWIFTLET_VECTOR_AVX512_H
#define SWIFTLET_VECTOR_AVX512_H

#include <immintrin.h>

#include "include/microkernel-types.h"

#define SWL_TARGET \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni")))
#define SWL_INLINE SWL_TARGET __attribute__((always_inline)) static inline

typedef __m512i vec;
/// Accumulators in a vector, rows of constants (ScaleLayout.x86), bytes of one step of a window.
enum { lanes = 16, scale_rows = 7, step_bytes = 4 };

SWL_INLINE vec vec_zero(void) { return _mm512_setzero_si512(); }
SWL_INLINE vec vec_load(const void *p) { return _mm512_loadu_si512(p); }
SWL_INLINE vec vec_broadcast(const void *p) { return _mm512_set1_epi32(*(const int32_t *)p); }

/// sum + the products of unsigned taps and signed weights, four to a lane.
SWL_INLINE vec vec_dot(vec sum, vec taps, vec weights) {
  return _mm512_dpbusd_epi32(sum, taps, weights);
}

SWL_INLINE vec vec_scale(vec sum, const vec *constants, int rounding) {
  vec even = _mm512_add_epi64(_mm512_mul_epi32(sum, constants[0]), constants[2]);
  vec odd = _mm512_add_epi64(
      _mm512_mul_epi32(_mm512_srli_epi64(sum, 32), constants[1]), constants[3]);
  if (rounding != SWL_TWICE) {
    vec high = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
    return _mm512_srav_epi32(high, constants[4]);
  }
  vec high = _mm512_mask_blend_epi32(
      0xaaaa, _mm512_srli_epi64(even, 31), _mm512_add_epi64(odd, odd));
  // Halves away from zero: a negative value gets one less than a half.
  vec sign = _mm512_srlv_epi32(high, constants[6]);
  return _mm512_srav_epi32(
      _mm512_sub_epi32(_mm512_add_epi32(high, constants[5]), sign), constants[4]);
}

typedef struct {
  vec zero_point, minimum, maximum;
} vec_clamp;

SWL_INLINE vec_clamp vec_clamp_of(const swl_strip *strip) {
  return (vec_clamp){_mm512_set1_epi16((short)strip->zero_point),
                     _mm512_set1_epi8((char)strip->minimum),
                     _mm512_set1_epi8((char)strip->maximum)};
}

/// Four vectors of scaled values to bytes; of every 128-bit part, four of each vector in turn.
SWL_INLINE vec vec_pack(const vec values[4], vec_clamp clamp, int rounding) {
  vec low = _mm512_packs_epi32(values[0], values[1]);
  vec high = _mm512_packs_epi32(values[2], values[3]);
  vec bytes;
  if (rounding == SWL_TWICE_CLAMPED) {
    bytes = _mm512_xor_si512(_mm512_packus_epi16(low, high), _mm512_set1_epi8(-128));
  } else {
    bytes = _mm512_packs_epi16(_mm512_adds_epi16(low, clamp.zero_point),
                               _mm512_adds_epi16(high, clamp.zero_point));
  }
  return _mm512_min_epi8(_mm512_max_epi8(bytes, clamp.minimum), clamp.maximum);
}

/// Undoes the order of vec_pack: the outputs of each vector in turn.
SWL_INLINE vec vec_in_sequence(vec packed) {
  const vec order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, packed);
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
