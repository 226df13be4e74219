#if defined(__x86_64__)

#include "vector-avx2.h"

#include "include/x86.h"

SWL_INLINE vec splat(int32_t value) { return _mm256_set1_epi32(value); }
SWL_INLINE vec splat_wide(int64_t value) { return _mm256_set1_epi64x(value); }
SWL_INLINE vec sum(vec a, vec b) { return _mm256_add_epi32(a, b); }

/// The first and the last four int16 of every 128-bit part, widened.
SWL_INLINE vec first_words(vec words) {
  return _mm256_srai_epi32(_mm256_unpacklo_epi16(words, words), 16);
}
SWL_INLINE vec last_words(vec words) {
  return _mm256_srai_epi32(_mm256_unpackhi_epi16(words, words), 16);
}

/// Of value * multiplier + addend, 64 bits, the 32 from bit `down` on; up = 32 - down.
SWL_INLINE vec product(vec value, vec multiplier, vec addend, __m128i down, __m128i up) {
  vec even = _mm256_add_epi64(_mm256_mul_epi32(value, multiplier), addend);
  vec odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(value, 32), multiplier), addend);
  return _mm256_blend_epi32(_mm256_srl_epi64(even, down), _mm256_sll_epi64(odd, up), 0xaa);
}

/// (value + half - sign bit) >> shift.
SWL_INLINE vec quotient(vec value, vec half, vec sign, __m128i shift) {
  vec less = _mm256_and_si256(_mm256_srai_epi32(value, 31), sign);
  return _mm256_sra_epi32(sum(sum(value, half), less), shift);
}

#include "sum-words-x86.h"

SWL_TARGET void swl_qs16_vadd_x16__avx2(const swl_word_sum *s) { sum_words(s); }

#endif
