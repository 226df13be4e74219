#if defined(__x86_64__)

#include "vector-avx2.h"

#include "include/x86.h"

SWL_TARGET void swl_stage_u8__avx2(const int8_t *input, void *output, ptrdiff_t count) {
  const vec sign = _mm256_set1_epi8(-128);
  uint8_t *bytes = output;
  ptrdiff_t i = 0;
  for (; i + 32 <= count; i += 32)
    vec_store((int8_t *)bytes + i, _mm256_xor_si256(vec_load(input + i), sign));
  for (; i < count; i++) bytes[i] = (uint8_t)input[i] ^ 0x80;
}

SWL_TARGET void swl_stage_s16__avx2(const int8_t *input, void *output, ptrdiff_t count) {
  int16_t *words = output;
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(input + i));
    _mm256_storeu_si256((vec *)(words + i), _mm256_cvtepi8_epi16(bytes));
  }
  for (; i < count; i++) words[i] = input[i];
}

SWL_INLINE __m128i load16(const int8_t *p) { return _mm_loadu_si128((const __m128i *)p); }

/// 32 elements as unsigned bytes, of which the unpackings of each half take four in turn.
SWL_INLINE vec load_unsigned(const int8_t *p) {
  const vec order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
  return _mm256_xor_si256(_mm256_permutevar8x32_epi32(vec_load(p), order), _mm256_set1_epi8(-128));
}

SWL_TARGET void swl_interleave4_u8__avx2(const int8_t *const *rows, void *output,
                                         ptrdiff_t count) {
  uint8_t *bytes = output;
  ptrdiff_t i = 0;
  for (; i < count && count >= 32; i += 32) {
    if (i + 32 > count) i = count - 32;  // The last ones overlap those before.
    vec a = load_unsigned(rows[0] + i), b = load_unsigned(rows[1] + i);
    vec c = load_unsigned(rows[2] + i), d = load_unsigned(rows[3] + i);
    vec ab = _mm256_unpacklo_epi8(a, b), cd = _mm256_unpacklo_epi8(c, d);
    vec *target = (vec *)(bytes + 4 * i);
    _mm256_storeu_si256(target, _mm256_unpacklo_epi16(ab, cd));
    _mm256_storeu_si256(target + 1, _mm256_unpackhi_epi16(ab, cd));
    ab = _mm256_unpackhi_epi8(a, b);
    cd = _mm256_unpackhi_epi8(c, d);
    _mm256_storeu_si256(target + 2, _mm256_unpacklo_epi16(ab, cd));
    _mm256_storeu_si256(target + 3, _mm256_unpackhi_epi16(ab, cd));
  }
  for (; i < count; i++)
    for (int row = 0; row < 4; row++) bytes[4 * i + row] = (uint8_t)rows[row][i] ^ 0x80;
}

SWL_TARGET void swl_interleave2_s16__avx2(const int8_t *const *rows, void *output,
                                          ptrdiff_t count) {
  int16_t *words = output;
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m128i a = load16(rows[0] + i), b = load16(rows[1] + i);
    vec *target = (vec *)(words + 2 * i);
    _mm256_storeu_si256(target, _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(a, b)));
    _mm256_storeu_si256(target + 1, _mm256_cvtepi8_epi16(_mm_unpackhi_epi8(a, b)));
  }
  for (; i < count; i++) {
    words[2 * i] = rows[0][i];
    words[2 * i + 1] = rows[1][i];
  }
}

SWL_TARGET void swl_interleave2_x16__avx2(const int8_t *const *rows, void *output, ptrdiff_t count) {
  const int16_t *first = (const int16_t *)rows[0], *second = (const int16_t *)rows[1];
  int16_t *words = output;
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    vec a = vec_load(first + i), b = vec_load(second + i);
    vec low = _mm256_unpacklo_epi16(a, b), high = _mm256_unpackhi_epi16(a, b);
    vec_store((int8_t *)(words + 2 * i), _mm256_permute2x128_si256(low, high, 0x20));
    vec_store((int8_t *)(words + 2 * i + 16), _mm256_permute2x128_si256(low, high, 0x31));
  }
  for (; i < count; i++) {
    words[2 * i] = first[i];
    words[2 * i + 1] = second[i];
  }
}

typedef struct {
  vec high, low, add_high, add_low;
  __m128i shift;
} linear_form;

/// Eight sums of interleaved (x, y): the upper and the lower halves of the coefficients, then the
/// nested floors.
SWL_INLINE vec sum8(vec pairs, const linear_form *form) {
  vec lower = _mm256_add_epi32(_mm256_madd_epi16(pairs, form->low), form->add_low);
  vec upper = _mm256_add_epi32(_mm256_madd_epi16(pairs, form->high), form->add_high);
  return _mm256_sra_epi32(_mm256_add_epi32(upper, _mm256_srai_epi32(lower, 15)), form->shift);
}

/// Sixteen sums as int16, in sequence.
SWL_INLINE vec sum16(__m128i left, __m128i right, const linear_form *form) {
  vec x = _mm256_cvtepi8_epi16(left), y = _mm256_cvtepi8_epi16(right);
  return _mm256_packs_epi32(sum8(_mm256_unpacklo_epi16(x, y), form),
                            sum8(_mm256_unpackhi_epi16(x, y), form));
}

SWL_INLINE vec pair(int16_t left, int16_t right) {
  return _mm256_set1_epi32((int32_t)((uint16_t)left | (uint32_t)(uint16_t)right << 16));
}

SWL_TARGET void swl_qs8_vadd_x32__avx2(const swl_sum *s) {
  const linear_form form = {pair(s->left_high, s->right_high), pair(s->left_low, s->right_low),
                            _mm256_set1_epi32(s->high), _mm256_set1_epi32(s->low),
                            _mm_cvtsi32_si128(s->shift)};
  const vec minimum = _mm256_set1_epi8((char)s->minimum);
  const vec maximum = _mm256_set1_epi8((char)s->maximum);
  for (ptrdiff_t i = 0; i < s->count; i += 32) {
    // The readable slack lets the last ones be loaded whole.
    vec left = vec_load(s->left + i), right = vec_load(s->right + i);
    vec low = sum16(_mm256_castsi256_si128(left), _mm256_castsi256_si128(right), &form);
    vec high =
        sum16(_mm256_extracti128_si256(left, 1), _mm256_extracti128_si256(right, 1), &form);
    vec bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8);
    bytes = _mm256_min_epi8(_mm256_max_epi8(bytes, minimum), maximum);
    vec_store_first(s->output + i, bytes, s->count - i < 32 ? (int)(s->count - i) : 32);
  }
}

SWL_TARGET void swl_s8_position_sum__avx2(const int8_t *input, ptrdiff_t step,
                                          ptrdiff_t positions, ptrdiff_t channels,
                                          int32_t *sums) {
  enum { positions_in_16_bits = 255 };
  ptrdiff_t c = 0;
  for (; c + 16 <= channels; c += 16) {
    for (ptrdiff_t begin = 0; begin < positions; begin += positions_in_16_bits) {
      ptrdiff_t end = begin + positions_in_16_bits;
      if (end > positions) end = positions;
      vec sum = vec_zero();
      for (ptrdiff_t p = begin; p < end; p++)
        sum = _mm256_add_epi16(sum, _mm256_cvtepi8_epi16(load16(input + p * step + c)));
      vec low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(sum));
      vec high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(sum, 1));
      vec *target = (vec *)(sums + c);
      _mm256_storeu_si256(target, _mm256_add_epi32(low, vec_load(target)));
      _mm256_storeu_si256(target + 1, _mm256_add_epi32(high, vec_load(target + 1)));
    }
  }
  for (; c < channels; c++)
    for (ptrdiff_t p = 0; p < positions; p++) sums[c] += input[p * step + c];
}

SWL_TARGET void swl_s8_position_maximum__avx2(const int8_t *input, ptrdiff_t step,
                                              ptrdiff_t positions, ptrdiff_t channels,
                                              int8_t *maxima) {
  for (ptrdiff_t c = 0; c < channels; c += 32) {
    vec largest = _mm256_set1_epi8(-128);
    for (ptrdiff_t p = 0; p < positions; p++)
      largest = _mm256_max_epi8(largest, vec_load(input + p * step + c));
    largest = _mm256_max_epi8(largest, vec_load(maxima + c));
    vec_store_first(maxima + c, largest, channels - c < 32 ? (int)(channels - c) : 32);
  }
}

#endif
