// What the AVX-512 kernels share: from int32 accumulators to int8 outputs.
#ifndef SWIFTLET_AVX512_H
#define SWIFTLET_AVX512_H

#include <immintrin.h>

#include "include/CMicrokernels.h"

#define SWL_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni")))
#define SWL_AVX512_INLINE SWL_AVX512 __attribute__((always_inline)) static inline

enum { swl_lanes512 = 16, swl_scale_rows = 7 };

/// Scales one vector of accumulators; constants as ScaleLayout.x86 orders them.
SWL_AVX512_INLINE __m512i swl_scale512(__m512i sum, const __m512i *constants, int rounding) {
  __m512i even = _mm512_add_epi64(_mm512_mul_epi32(sum, constants[0]), constants[2]);
  __m512i odd = _mm512_add_epi64(
      _mm512_mul_epi32(_mm512_srli_epi64(sum, 32), constants[1]), constants[3]);
  if (rounding != SWL_TWICE) {
    __m512i high = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
    return _mm512_srav_epi32(high, constants[4]);
  }
  __m512i high = _mm512_mask_blend_epi32(
      0xaaaa, _mm512_srli_epi64(even, 31), _mm512_add_epi64(odd, odd));
  // Halves away from zero: a negative value gets one less than a half.
  __m512i sign = _mm512_srlv_epi32(high, constants[6]);
  return _mm512_srav_epi32(
      _mm512_sub_epi32(_mm512_add_epi32(high, constants[5]), sign), constants[4]);
}

typedef struct {
  __m512i zero_point, minimum, maximum;
} swl_clamp512;

SWL_AVX512_INLINE swl_clamp512 swl_make_clamp512(const swl_strip *strip) {
  return (swl_clamp512){_mm512_set1_epi16((short)strip->zero_point),
                        _mm512_set1_epi8((char)strip->minimum),
                        _mm512_set1_epi8((char)strip->maximum)};
}

/// Four vectors of scaled values to 64 outputs: of every 128-bit part of the vectors, four outputs
/// each.
SWL_AVX512_INLINE __m512i swl_pack512(const __m512i values[4], swl_clamp512 clamp, int rounding) {
  __m512i low = _mm512_packs_epi32(values[0], values[1]);
  __m512i high = _mm512_packs_epi32(values[2], values[3]);
  __m512i bytes;
  if (rounding == SWL_TWICE_CLAMPED) {
    bytes = _mm512_xor_si512(_mm512_packus_epi16(low, high), _mm512_set1_epi8(-128));
  } else {
    bytes = _mm512_packs_epi16(_mm512_adds_epi16(low, clamp.zero_point),
                               _mm512_adds_epi16(high, clamp.zero_point));
  }
  return _mm512_min_epi8(_mm512_max_epi8(bytes, clamp.minimum), clamp.maximum);
}

/// Undoes the order of swl_pack512: 16 outputs of each vector in turn.
SWL_AVX512_INLINE __m512i swl_in_sequence512(__m512i packed) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, packed);
}

SWL_AVX512_INLINE __mmask64 swl_first512(int count) {
  return count >= 64 ? ~0ull : (1ull << count) - 1;
}

#endif
