#if defined(__ARM_NEON)

#include "vector-neon.h"

SWL_INLINE scale_t scale_of_words(swl_scale s) {
  return (scale_t){vdupq_n_s32(s.multiplier), vdupq_n_s32(-s.shift)};
}

SWL_INLINE int16x4_t sum4(int16x4_t x, int16x4_t y, int32x4_t headroom, const scale_t by[3]) {
  const int32x4_t left = scale_twice(vshlq_s32(vmovl_s16(x), headroom), by[0], SWL_TWICE);
  const int32x4_t right = scale_twice(vshlq_s32(vmovl_s16(y), headroom), by[1], SWL_TWICE);
  return vqmovn_s32(scale_twice(vaddq_s32(left, right), by[2], SWL_TWICE));
}

void swl_qs16_vadd_x8__neon(const swl_word_sum *s) {
  const scale_t by[3] = {scale_of_words(s->left_scale), scale_of_words(s->right_scale),
                         scale_of_words(s->output_scale)};
  const int32x4_t headroom = vdupq_n_s32(s->headroom);
  const int16x8_t minimum = vdupq_n_s16((int16_t)s->minimum);
  const int16x8_t maximum = vdupq_n_s16((int16_t)s->maximum);
  for (ptrdiff_t i = 0; i < s->count; i += 8) {
    // The readable slack lets the last ones be loaded whole.
    const int16x8_t x = vld1q_s16(s->left + i), y = vld1q_s16(s->right + i);
    int16x8_t words = vcombine_s16(sum4(vget_low_s16(x), vget_low_s16(y), headroom, by),
                                   sum4(vget_high_s16(x), vget_high_s16(y), headroom, by));
    words = vminq_s16(vmaxq_s16(words, minimum), maximum);
    const ptrdiff_t rest = s->count - i;
    store_first((int8_t *)(s->output + i), vreinterpretq_s8_s16(words),
                rest < 8 ? 2 * (int)rest : 16);
  }
}

#endif
