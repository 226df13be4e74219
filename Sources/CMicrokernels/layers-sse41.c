#if defined(__x86_64__)

#include "vector-sse41.h"

#include "include/x86.h"

SWL_TARGET void swl_stage_s16__sse41(const int8_t *input, void *output, ptrdiff_t count) {
  int16_t *words = output;
  ptrdiff_t i = 0;
  for (; i + 8 <= count; i += 8) {
    vec bytes = _mm_loadl_epi64((const vec *)(input + i));
    _mm_storeu_si128((vec *)(words + i), _mm_cvtepi8_epi16(bytes));
  }
  for (; i < count; i++) words[i] = input[i];
}

SWL_TARGET void swl_interleave2_s16__sse41(const int8_t *const *rows, void *output,
                                           ptrdiff_t count) {
  int16_t *words = output;
  ptrdiff_t i = 0;
  for (; i + 8 <= count; i += 8) {
    vec a = _mm_loadl_epi64((const vec *)(rows[0] + i));
    vec b = _mm_loadl_epi64((const vec *)(rows[1] + i));
    vec pairs = _mm_unpacklo_epi8(a, b);
    vec *target = (vec *)(words + 2 * i);
    _mm_storeu_si128(target, _mm_cvtepi8_epi16(pairs));
    _mm_storeu_si128(target + 1, _mm_cvtepi8_epi16(_mm_srli_si128(pairs, 8)));
  }
  for (; i < count; i++) {
    words[2 * i] = rows[0][i];
    words[2 * i + 1] = rows[1][i];
  }
}

SWL_TARGET void swl_interleave2_x16__sse41(const int8_t *const *rows, void *output, ptrdiff_t count) {
  const int16_t *first = (const int16_t *)rows[0], *second = (const int16_t *)rows[1];
  int16_t *words = output;
  ptrdiff_t i = 0;
  for (; i + 8 <= count; i += 8) {
    vec a = vec_load(first + i), b = vec_load(second + i);
    vec low = _mm_unpacklo_epi16(a, b), high = _mm_unpackhi_epi16(a, b);
    vec_store((int8_t *)(words + 2 * i), low);
    vec_store((int8_t *)(words + 2 * i + 8), high);
  }
  for (; i < count; i++) {
    words[2 * i] = first[i];
    words[2 * i + 1] = second[i];
  }
}

typedef struct {
  vec high, low, add_high, add_low, shift;
} linear_form;

/// Four sums of interleaved (x, y): the upper and the lower halves of the coefficients, then the
/// nested floors.
SWL_INLINE vec sum4(vec pairs, const linear_form *form) {
  vec lower = _mm_add_epi32(_mm_madd_epi16(pairs, form->low), form->add_low);
  vec upper = _mm_add_epi32(_mm_madd_epi16(pairs, form->high), form->add_high);
  return _mm_sra_epi32(_mm_add_epi32(upper, _mm_srai_epi32(lower, 15)), form->shift);
}

/// Eight sums as int16.
SWL_INLINE vec sum8(vec left, vec right, const linear_form *form) {
  vec x = _mm_cvtepi8_epi16(left), y = _mm_cvtepi8_epi16(right);
  return _mm_packs_epi32(sum4(_mm_unpacklo_epi16(x, y), form),
                         sum4(_mm_unpackhi_epi16(x, y), form));
}

SWL_INLINE vec pair(int16_t left, int16_t right) {
  return _mm_set1_epi32((int32_t)((uint16_t)left | (uint32_t)(uint16_t)right << 16));
}

SWL_TARGET void swl_qs8_vadd_x16__sse41(const swl_sum *s) {
  const linear_form form = {pair(s->left_high, s->right_high), pair(s->left_low, s->right_low),
                            _mm_set1_epi32(s->high), _mm_set1_epi32(s->low),
                            _mm_cvtsi32_si128(s->shift)};
  const vec minimum = _mm_set1_epi8((char)s->minimum);
  const vec maximum = _mm_set1_epi8((char)s->maximum);
  for (ptrdiff_t i = 0; i < s->count; i += 16) {
    // The readable slack lets the last ones be loaded whole.
    vec left = vec_load(s->left + i), right = vec_load(s->right + i);
    vec low = sum8(left, right, &form);
    vec high = sum8(_mm_srli_si128(left, 8), _mm_srli_si128(right, 8), &form);
    vec bytes = _mm_packs_epi16(low, high);
    bytes = _mm_min_epi8(_mm_max_epi8(bytes, minimum), maximum);
    vec_store_first(s->output + i, bytes, s->count - i < 16 ? (int)(s->count - i) : 16);
  }
}

SWL_TARGET void swl_s8_position_sum__sse41(const int8_t *input, ptrdiff_t step,
                                           ptrdiff_t positions, ptrdiff_t channels,
                                           int32_t *sums) {
  enum { positions_in_16_bits = 255 };
  ptrdiff_t c = 0;
  for (; c + 8 <= channels; c += 8) {
    for (ptrdiff_t begin = 0; begin < positions; begin += positions_in_16_bits) {
      ptrdiff_t end = begin + positions_in_16_bits;
      if (end > positions) end = positions;
      vec sum = vec_zero();
      for (ptrdiff_t p = begin; p < end; p++) {
        vec bytes = _mm_loadl_epi64((const vec *)(input + p * step + c));
        sum = _mm_add_epi16(sum, _mm_cvtepi8_epi16(bytes));
      }
      vec *target = (vec *)(sums + c);
      vec low = _mm_cvtepi16_epi32(sum), high = _mm_cvtepi16_epi32(_mm_srli_si128(sum, 8));
      _mm_storeu_si128(target, _mm_add_epi32(low, vec_load(target)));
      _mm_storeu_si128(target + 1, _mm_add_epi32(high, vec_load(target + 1)));
    }
  }
  for (; c < channels; c++)
    for (ptrdiff_t p = 0; p < positions; p++) sums[c] += input[p * step + c];
}

SWL_TARGET void swl_s8_position_maximum__sse41(const int8_t *input, ptrdiff_t step,
                                               ptrdiff_t positions, ptrdiff_t channels,
                                               int8_t *maxima) {
  for (ptrdiff_t c = 0; c < channels; c += 16) {
    vec largest = _mm_set1_epi8(-128);
    for (ptrdiff_t p = 0; p < positions; p++)
      largest = _mm_max_epi8(largest, vec_load(input + p * step + c));
    largest = _mm_max_epi8(largest, vec_load(maxima + c));
    vec_store_first(maxima + c, largest, channels - c < 16 ? (int)(channels - c) : 16);
  }
}

#endif
