#if defined(__x86_64__)

#include "vector-avx512.h"

#include "include/x86.h"

/// Copies bytes with some bits flipped. A mask costs as much as the copy, so only the rest has one.
SWL_INLINE void copy_flipped(const int8_t *input, int8_t *output, ptrdiff_t count, __m512i flips) {
  for (; count >= 64; count -= 64) {
    _mm512_storeu_si512(output, _mm512_xor_si512(_mm512_loadu_si512(input), flips));
    input += 64;
    output += 64;
  }
  const __mmask64 mask = (1ull << count) - 1;
  __m512i bytes = _mm512_maskz_loadu_epi8(mask, input);
  _mm512_mask_storeu_epi8(output, mask, _mm512_xor_si512(bytes, flips));
}

SWL_TARGET void swl_stage_s8__avx512vnni(const int8_t *input, void *output, ptrdiff_t count) {
  copy_flipped(input, output, count, _mm512_setzero_si512());
}

SWL_TARGET void swl_stage_u8__avx512vnni(const int8_t *input, void *output, ptrdiff_t count) {
  copy_flipped(input, output, count, _mm512_set1_epi8(-128));
}

SWL_TARGET void swl_interleave4_u8__avx512vnni(const int8_t *const *rows, void *output,
                                               ptrdiff_t count) {
  const __m512i sign = _mm512_set1_epi8(-128);
  // Byte r of element e is byte e of row r.
  const __m512i order = _mm512_set_epi32(
      0x3f2f1f0f, 0x3e2e1e0e, 0x3d2d1d0d, 0x3c2c1c0c, 0x3b2b1b0b, 0x3a2a1a0a, 0x39291909,
      0x38281808, 0x37271707, 0x36261606, 0x35251505, 0x34241404, 0x33231303, 0x32221202,
      0x31211101, 0x30201000);
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m512i x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(rows[0] + i)));
    x = _mm512_mask_broadcast_i32x4(x, 0x00f0, _mm_loadu_si128((const __m128i *)(rows[1] + i)));
    x = _mm512_mask_broadcast_i32x4(x, 0x0f00, _mm_loadu_si128((const __m128i *)(rows[2] + i)));
    x = _mm512_mask_broadcast_i32x4(x, 0xf000, _mm_loadu_si128((const __m128i *)(rows[3] + i)));
    // Hidden, lest the compiler merges the last row's insertion and the permutation into a dearer one
    // of two sources.
    __asm__("" : "+v"(x));
    x = _mm512_xor_si512(_mm512_permutexvar_epi8(order, x), sign);
    _mm512_storeu_si512((int8_t *)output + 4 * i, x);
  }
  for (; i < count; i++)
    for (int row = 0; row < 4; row++) ((uint8_t *)output)[4 * i + row] = rows[row][i] ^ 0x80;
}

SWL_TARGET void swl_interleave2_x16__avx512vnni(const int8_t *const *rows, void *output, ptrdiff_t count) {
  const int16_t *first = (const int16_t *)rows[0], *second = (const int16_t *)rows[1];
  const vec first_half = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
  const vec second_half = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  int16_t *words = output;
  ptrdiff_t i = 0;
  for (; i + 32 <= count; i += 32) {
    vec a = vec_load(first + i), b = vec_load(second + i);
    vec low = _mm512_unpacklo_epi16(a, b), high = _mm512_unpackhi_epi16(a, b);
    vec_store((int8_t *)(words + 2 * i), _mm512_permutex2var_epi64(low, first_half, high));
    vec_store((int8_t *)(words + 2 * i + 32), _mm512_permutex2var_epi64(low, second_half, high));
  }
  for (; i < count; i++) {
    words[2 * i] = first[i];
    words[2 * i + 1] = second[i];
  }
}

typedef struct {
  __m512i high, low, add_high, add_low, shift, minimum, maximum;
} linear_form;

/// Sixteen sums of interleaved (x, y): the upper and the lower halves of the coefficients, then the
/// nested floors.
SWL_INLINE __m512i sum16(__m512i pairs, const linear_form *form) {
  __m512i sum = _mm512_srai_epi32(_mm512_dpwssd_epi32(form->add_low, pairs, form->low), 15);
  sum = _mm512_add_epi32(_mm512_dpwssd_epi32(sum, pairs, form->high), form->add_high);
  return _mm512_srav_epi32(sum, form->shift);
}

/// 32 sums as int16, in sequence.
SWL_INLINE __m512i sum32(__m256i left, __m256i right, const linear_form *form) {
  __m512i x = _mm512_cvtepi8_epi16(left), y = _mm512_cvtepi8_epi16(right);
  return _mm512_packs_epi32(sum16(_mm512_unpacklo_epi16(x, y), form),
                            sum16(_mm512_unpackhi_epi16(x, y), form));
}

/// 64 sums as bytes, in sequence.
SWL_INLINE __m512i sum64(const int8_t *left, const int8_t *right, const linear_form *form) {
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  __m512i words[2];
#pragma clang loop unroll(full)
  for (int half = 0; half < 2; half++) {
    __m256i x = _mm256_loadu_si256((const __m256i *)left + half);
    __m256i y = _mm256_loadu_si256((const __m256i *)right + half);
    words[half] = sum32(x, y, form);
  }
  __m512i bytes = _mm512_permutexvar_epi64(order, _mm512_packs_epi16(words[0], words[1]));
  return _mm512_min_epi8(_mm512_max_epi8(bytes, form->minimum), form->maximum);
}

SWL_INLINE __m512i pair512(int16_t left, int16_t right) {
  return _mm512_set1_epi32((int32_t)((uint16_t)left | (uint32_t)(uint16_t)right << 16));
}

SWL_TARGET void swl_qs8_vadd_x64__avx512vnni(const swl_sum *s) {
  const linear_form form = {
      pair512(s->left_high, s->right_high), pair512(s->left_low, s->right_low),
      _mm512_set1_epi32(s->high), _mm512_set1_epi32(s->low), _mm512_set1_epi32(s->shift),
      _mm512_set1_epi8((char)s->minimum), _mm512_set1_epi8((char)s->maximum)};
  const int8_t *left = s->left, *right = s->right;
  int8_t *output = s->output;
  ptrdiff_t count = s->count;
  for (; count >= 64; count -= 64) {
    _mm512_storeu_si512(output, sum64(left, right, &form));
    left += 64;
    right += 64;
    output += 64;
  }
  if (count > 0) {
    const __mmask64 mask = (1ull << count) - 1;
    int8_t rest[2][64];
    _mm512_storeu_si512(rest[0], _mm512_maskz_loadu_epi8(mask, left));
    _mm512_storeu_si512(rest[1], _mm512_maskz_loadu_epi8(mask, right));
    _mm512_mask_storeu_epi8(output, mask, sum64(rest[0], rest[1], &form));
  }
}

SWL_TARGET void swl_s8_position_sum__avx512vnni(const int8_t *input, ptrdiff_t step,
                                                ptrdiff_t positions, ptrdiff_t channels,
                                                int32_t *sums) {
  enum { positions_in_16_bits = 255 };
  for (ptrdiff_t c = 0; c < channels; c += 32) {
    const __mmask32 mask = channels - c >= 32 ? ~0u : (1u << (channels - c)) - 1;
    for (ptrdiff_t begin = 0; begin < positions; begin += positions_in_16_bits) {
      ptrdiff_t end = begin + positions_in_16_bits;
      if (end > positions) end = positions;
      __m512i sum = _mm512_setzero_si512();
      for (ptrdiff_t p = begin; p < end; p++) {
        __m256i bytes = _mm256_maskz_loadu_epi8(mask, input + p * step + c);
        sum = _mm512_add_epi16(sum, _mm512_cvtepi8_epi16(bytes));
      }
      __m512i low = _mm512_cvtepi16_epi32(_mm512_castsi512_si256(sum));
      __m512i high = _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(sum, 1));
      const __mmask16 low_mask = (__mmask16)mask, high_mask = (__mmask16)(mask >> 16);
      low = _mm512_add_epi32(low, _mm512_maskz_loadu_epi32(low_mask, sums + c));
      high = _mm512_add_epi32(high, _mm512_maskz_loadu_epi32(high_mask, sums + c + 16));
      _mm512_mask_storeu_epi32(sums + c, low_mask, low);
      _mm512_mask_storeu_epi32(sums + c + 16, high_mask, high);
    }
  }
}

SWL_TARGET void swl_s8_position_maximum__avx512vnni(const int8_t *input, ptrdiff_t step,
                                                    ptrdiff_t positions, ptrdiff_t channels,
                                                    int8_t *maxima) {
  for (ptrdiff_t c = 0; c < channels; c += 64) {
    const __mmask64 mask = channels - c >= 64 ? ~0ull : (1ull << (channels - c)) - 1;
    __m512i largest = _mm512_maskz_loadu_epi8(mask, maxima + c);
    for (ptrdiff_t p = 0; p < positions; p++)
      largest = _mm512_max_epi8(largest, _mm512_maskz_loadu_epi8(mask, input + p * step + c));
    _mm512_mask_storeu_epi8(maxima + c, mask, largest);
  }
}

SWL_TARGET void swl_x8_lut__avx512vnni(const int8_t *input, int8_t *output, const int8_t *table,
                                       ptrdiff_t count) {
  const __m512i sign = _mm512_set1_epi8(-128);
  const __m512i t0 = _mm512_loadu_si512(table), t1 = _mm512_loadu_si512(table + 64);
  const __m512i t2 = _mm512_loadu_si512(table + 128), t3 = _mm512_loadu_si512(table + 192);
  for (ptrdiff_t i = 0; i < count; i += 64) {
    const __mmask64 mask = count - i >= 64 ? ~0ull : (1ull << (count - i)) - 1;
    __m512i index = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, input + i), sign);
    __m512i low = _mm512_permutex2var_epi8(t0, index, t1);
    __m512i high = _mm512_permutex2var_epi8(t2, index, t3);
    // The index's uppermost bit chooses the half of the table.
    __m512i bytes = _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
    _mm512_mask_storeu_epi8(output + i, mask, bytes);
  }
}

#endif
