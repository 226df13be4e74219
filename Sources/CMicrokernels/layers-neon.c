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

typedef struct {
  int32x4_t high, low, shift;
  int16_t left_high, right_high, left_low, right_low;
} linear_form;

/// Four sums: the upper and the lower halves of the coefficients, then the nested floors.
SWL_INLINE int16x4_t sum4(int16x4_t x, int16x4_t y, const linear_form *form) {
  int32x4_t low = vmlal_n_s16(form->low, x, form->left_low);
  low = vmlal_n_s16(low, y, form->right_low);
  int32x4_t high = vmlal_n_s16(form->high, x, form->left_high);
  high = vmlal_n_s16(high, y, form->right_high);
  return vqmovn_s32(vshlq_s32(vsraq_n_s32(high, low, 15), form->shift));
}

SWL_INLINE int8x8_t sum8(int8x8_t left, int8x8_t right, const linear_form *form) {
  const int16x8_t x = vmovl_s8(left), y = vmovl_s8(right);
  return vqmovn_s16(vcombine_s16(sum4(vget_low_s16(x), vget_low_s16(y), form),
                                 sum4(vget_high_s16(x), vget_high_s16(y), form)));
}

void swl_qs8_vadd_x16__neon(const swl_sum *s) {
  const linear_form form = {
      vdupq_n_s32(s->high), vdupq_n_s32(s->low), vdupq_n_s32(-s->shift),
      s->left_high,         s->right_high,       s->left_low,
      s->right_low};
  const int8x16_t minimum = vdupq_n_s8((int8_t)s->minimum);
  const int8x16_t maximum = vdupq_n_s8((int8_t)s->maximum);
  for (ptrdiff_t i = 0; i < s->count; i += 16) {
    const int8x16_t x = vld1q_s8(s->left + i), y = vld1q_s8(s->right + i);
    int8x16_t bytes = vcombine_s8(sum8(vget_low_s8(x), vget_low_s8(y), &form),
                                  sum8(vget_high_s8(x), vget_high_s8(y), &form));
    bytes = vminq_s8(vmaxq_s8(bytes, minimum), maximum);
    store_first(s->output + i, bytes, s->count - i < 16 ? (int)(s->count - i) : 16);
  }
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
