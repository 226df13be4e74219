#if defined(__ARM_NEON)

#include "vector-neon.h"

void swl_stage_s8__neon(const int8_t *input, void *output, ptrdiff_t count) {
  int8_t *target = output;
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) vst1q_s8(target + i, vld1q_s8(input + i));
  // The readable slack lets the last ones be loaded whole.
  if (i < count) store_first(target + i, vld1q_s8(input + i), (int)(count - i));
}

void swl_interleave2_s8__neon(const int8_t *const *rows, void *output, ptrdiff_t count) {
  int8_t *target = output;
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16, target += 32) {
    const int8x16x2_t pairs = {{vld1q_s8(rows[0] + i), vld1q_s8(rows[1] + i)}};
    vst2q_s8(target, pairs);
  }
  for (; i < count; i++) {
    *target++ = rows[0][i];
    *target++ = rows[1][i];
  }
}

/// Digits and constants of a sum (swl_sum), each in all lanes.
typedef struct {
  int8x16_t left[4], right[4];
  int16x8_t lowest, low, high;
  int8x16_t minimum, maximum;
} digits_t;

/// Eight of sixteen products on top of `sums`.
SWL_INLINE int16x8_t add_product(int16x8_t sums, int8x16_t elements, int8x16_t digit, int upper) {
  return upper ? vmlal_s8(sums, vget_high_s8(elements), vget_high_s8(digit))
               : vmlal_s8(sums, vget_low_s8(elements), vget_low_s8(digit));
}

/// What a digit makes of 16 * `vectors` pairs, on top of `start`. Each stage runs over all of them,
/// for the sake of cores that run in order.
SWL_INLINE void multiply_digit(int16x8_t *sums, const int8x16_t *left, const int8x16_t *right,
                               const digits_t *by, int digit, int16x8_t start, int vectors) {
#pragma clang loop unroll(full)
  for (int i = 0; i < 2 * vectors; i++)
    sums[i] = add_product(start, left[i / 2], by->left[digit], i % 2);
#pragma clang loop unroll(full)
  for (int i = 0; i < 2 * vectors; i++)
    sums[i] = add_product(sums[i], right[i / 2], by->right[digit], i % 2);
}

/// 16 * `vectors` sums: digit by digit from the lowest, each floor added to the next digit's
/// products. Of `digits` there are three or four.
SWL_INLINE void sum_vectors(int8x16_t *bytes, const int8x16_t *left, const int8x16_t *right,
                            const digits_t *by, int digits, int vectors) {
  const int16x8_t zero = vdupq_n_s16(0);
  int16x8_t lowest[4], low[4], middle[4], sums[4];
  multiply_digit(low, left, right, by, 1, by->low, vectors);
  if (digits == 4) {
    multiply_digit(lowest, left, right, by, 0, by->lowest, vectors);
#pragma clang loop unroll(full)
    for (int i = 0; i < 2 * vectors; i++) low[i] = vsraq_n_s16(low[i], lowest[i], 8);
  }
  multiply_digit(middle, left, right, by, 2, zero, vectors);
#pragma clang loop unroll(full)
  for (int i = 0; i < 2 * vectors; i++) middle[i] = vsraq_n_s16(middle[i], low[i], 7);
  multiply_digit(sums, left, right, by, 3, by->high, vectors);
#pragma clang loop unroll(full)
  for (int i = 0; i < 2 * vectors; i++) sums[i] = vsraq_n_s16(sums[i], middle[i], 8);
#pragma clang loop unroll(full)
  for (int i = 0; i < vectors; i++) {
    bytes[i] = digits == 4 ? vcombine_s8(vqshrn_n_s16(sums[2 * i], 3), vqshrn_n_s16(sums[2 * i + 1], 3))
                           : vcombine_s8(vqshrn_n_s16(sums[2 * i], 6), vqshrn_n_s16(sums[2 * i + 1], 6));
  }
}

SWL_INLINE void sum_all(const swl_sum *s, const digits_t *by, int digits) {
  const int8_t *left = s->left, *right = s->right;
  int8_t *output = s->output;
  ptrdiff_t remaining = s->count;
  // The commonest sums: three digits, and saturation is the clamp.
  for (; digits == 3 && remaining >= 32; remaining -= 32, left += 32, right += 32, output += 32) {
    const int8x16x2_t x = vld1q_s8_x2(left), y = vld1q_s8_x2(right);
    int8x16x2_t bytes;
    sum_vectors(bytes.val, x.val, y.val, by, digits, 2);
    vst1q_s8(output, bytes.val[0]);
    vst1q_s8(output + 16, bytes.val[1]);
  }
  // The readable slack lets the last ones be loaded whole.
  for (; remaining > 0; remaining -= 16, left += 16, right += 16, output += 16) {
    const int8x16_t x = vld1q_s8(left), y = vld1q_s8(right);
    int8x16_t bytes;
    sum_vectors(&bytes, &x, &y, by, digits, 1);
    bytes = vminq_s8(vmaxq_s8(bytes, by->minimum), by->maximum);
    store_first(output, bytes, remaining < 16 ? (int)remaining : 16);
  }
}

void swl_qs8_vadd_x32__neon(const swl_sum *s) {
  digits_t by;
  by.lowest = vdupq_n_s16(s->lowest_constant);
  by.low = vdupq_n_s16(s->low_constant);
  by.high = vdupq_n_s16(s->high_constant);
  by.minimum = vdupq_n_s8((int8_t)s->minimum);
  by.maximum = vdupq_n_s8((int8_t)s->maximum);
  for (int i = 0; i < 4; i++) {
    by.left[i] = vdupq_n_s8(s->left_digits[i]);
    by.right[i] = vdupq_n_s8(s->right_digits[i]);
    // To the compiler one register, not two halves: SMULL2 reads the upper ones where they are.
    __asm__("" : "+w"(by.left[i]), "+w"(by.right[i]));
  }
  if (s->digits == 3)
    sum_all(s, &by, 3);
  else
    sum_all(s, &by, 4);
}

/// Adds eight 16-bit sums to 32-bit ones.
SWL_INLINE void widen(int32_t *sums, int16x8_t more) {
  vst1q_s32(sums, vaddw_s16(vld1q_s32(sums), vget_low_s16(more)));
  vst1q_s32(sums + 4, vaddw_s16(vld1q_s32(sums + 4), vget_high_s16(more)));
}

void swl_s8_position_sum__neon(const int8_t *input, ptrdiff_t step, ptrdiff_t positions,
                               ptrdiff_t channels, int32_t *sums) {
  enum { positions_in_16_bits = 255 };
  ptrdiff_t c = 0;
  for (; c + 8 <= channels; c += 8) {
    for (ptrdiff_t begin = 0; begin < positions; begin += positions_in_16_bits) {
      ptrdiff_t end = begin + positions_in_16_bits;
      if (end > positions) end = positions;
      int16x8_t sum = vdupq_n_s16(0);
      for (ptrdiff_t p = begin; p < end; p++)
        sum = vaddw_s8(sum, vld1_s8(input + p * step + c));
      widen(sums + c, sum);
    }
  }
  for (; c < channels; c++)
    for (ptrdiff_t p = 0; p < positions; p++) sums[c] += input[p * step + c];
}

void swl_s8_position_maximum__neon(const int8_t *input, ptrdiff_t step, ptrdiff_t positions,
                                   ptrdiff_t channels, int8_t *maxima) {
  for (ptrdiff_t c = 0; c < channels; c += 16) {
    int8x16_t largest = vld1q_s8(maxima + c);
    for (ptrdiff_t p = 0; p < positions; p++)
      largest = vmaxq_s8(largest, vld1q_s8(input + p * step + c));
    store_first(maxima + c, largest, channels - c < 16 ? (int)(channels - c) : 16);
  }
}

/// A table of 256 bytes fills half the registers of ARM64, all of ARMv7's.
void swl_x8_lut__neon(const int8_t *input, int8_t *output, const int8_t *table,
                      ptrdiff_t count) {
  ptrdiff_t i = 0;
#if defined(__aarch64__)
  const int8x16x4_t t0 = vld1q_s8_x4(table), t1 = vld1q_s8_x4(table + 64);
  const int8x16x4_t t2 = vld1q_s8_x4(table + 128), t3 = vld1q_s8_x4(table + 192);
  const uint8x16_t quarter = vdupq_n_u8(64);
  for (; i + 16 <= count; i += 16) {
    uint8x16_t index = veorq_u8(vreinterpretq_u8_s8(vld1q_s8(input + i)), vdupq_n_u8(128));
    // An index beyond its part of the table gives 0 (TBL) or leaves the byte as it is (TBX).
    int8x16_t bytes = vqtbl4q_s8(t0, index);
    bytes = vqtbx4q_s8(bytes, t1, index = vsubq_u8(index, quarter));
    bytes = vqtbx4q_s8(bytes, t2, index = vsubq_u8(index, quarter));
    bytes = vqtbx4q_s8(bytes, t3, vsubq_u8(index, quarter));
    vst1q_s8(output + i, bytes);
  }
#endif
  for (; i < count; i++) output[i] = table[input[i] + 128];
}

#endif
