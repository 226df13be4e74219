// What the NEON kernels of int16 share: the requantisation of their sums, stores.
#ifndef SWIFTLET_WORDS_NEON_H
#define SWIFTLET_WORDS_NEON_H

#include <arm_neon.h>

#include "include/arm.h"

/// One vector's constants (ScaleLayout.neonWords): output = (sum * multiplier + addend) >> -shift.
typedef struct {
  int32_t multiplier[4];
  int64_t addend[4];
  int64_t shift[4];
} word_scale;

/// Four sums to int16, which saturate on the way.
__attribute__((always_inline)) static inline int16x4_t scale_words(int32x4_t sum,
                                                                   const word_scale *by) {
  const int32x4_t multiplier = vld1q_s32(by->multiplier);
  int64x2_t low = vmlal_s32(vld1q_s64(by->addend), vget_low_s32(sum), vget_low_s32(multiplier));
  int64x2_t high =
      vmlal_s32(vld1q_s64(by->addend + 2), vget_high_s32(sum), vget_high_s32(multiplier));
  low = vshlq_s64(low, vld1q_s64(by->shift));
  high = vshlq_s64(high, vld1q_s64(by->shift + 2));
  return vqmovn_s32(vcombine_s32(vqmovn_s64(low), vqmovn_s64(high)));
}

/// Scales, clamps and stores a vector of channels, the last of which may be partly empty.
__attribute__((always_inline)) static inline void store_words(const swl_strip *s, int8_t *output,
                                                              int32x4_t sum, int vector) {
  const word_scale *by = (const word_scale *)s->constants + vector;
  int16x4_t words = vmax_s16(scale_words(sum, by), vdup_n_s16((int16_t)s->minimum));
  words = vmin_s16(words, vdup_n_s16((int16_t)s->maximum));
  int16_t *target = (int16_t *)output + 4 * vector;
  const int count = s->channels - 4 * vector;
  if (count >= 4) {
    vst1_s16(target, words);
    return;
  }
  for (int i = 0; i < count; i++) {
    vst1_lane_s16(target + i, words, 0);
    words = vext_s16(words, words, 1);
  }
}

#endif
