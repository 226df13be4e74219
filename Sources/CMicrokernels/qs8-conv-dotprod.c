#if defined(__aarch64__)

#define SWL_TARGET __attribute__((target("dotprod")))
#include "strip-neon.h"

SWL_TARGET SWL_INLINE int32x4_t dot(int32x4_t sum, int8x16_t weights, int8x16_t taps, int step) {
  switch (step) {
    case 0: return vdotq_laneq_s32(sum, weights, taps, 0);
    case 1: return vdotq_laneq_s32(sum, weights, taps, 1);
    case 2: return vdotq_laneq_s32(sum, weights, taps, 2);
    default: return vdotq_laneq_s32(sum, weights, taps, 3);
  }
}

/// Four steps at once, a pixel's in one register; then one by one.
SWL_TARGET SWL_INLINE void tile(const swl_strip *s, const int8_t *input, int8_t *output,
                                int pixels, int vectors) {
  int32x4_t sums[tile_vectors];
  start_from_bias(s, sums, pixels, vectors);
  const int8_t *weights = s->weights;
  for (int segment = 0; segment < s->segment_count; segment++) {
    const int8_t *window = input + s->segments[segment];
    int left = s->steps;
#pragma clang loop unroll(disable)
    for (; left >= 4; left -= 4, window += 16) {
      int8x16_t taps[8];
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++)
        taps[pixel] = vld1q_s8(window + pixel * s->pixel_step);
#pragma clang loop unroll(full)
      for (int i = 0; i < 4 * vectors; i++, weights += 16) {
        const int8x16_t weight = vld1q_s8(weights);
#pragma clang loop unroll(full)
        for (int pixel = 0; pixel < pixels; pixel++) {
          int32x4_t *sum = &sums[pixel * vectors + i % vectors];
          *sum = dot(*sum, weight, taps[pixel], i / vectors);
        }
      }
    }
    for (; left > 0; left--, window += 4) {
      int8x16_t taps[8];
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++) {
        const int8_t *from = window + pixel * s->pixel_step;
        taps[pixel] = vreinterpretq_s8_s32(vld1q_dup_s32((const int32_t *)from));
      }
#pragma clang loop unroll(full)
      for (int vector = 0; vector < vectors; vector++, weights += 16) {
        const int8x16_t weight = vld1q_s8(weights);
#pragma clang loop unroll(full)
        for (int pixel = 0; pixel < pixels; pixel++) {
          int32x4_t *sum = &sums[pixel * vectors + vector];
          *sum = vdotq_s32(*sum, weight, taps[pixel]);
        }
      }
    }
  }
  store_tile(s, output, sums, pixels, vectors);
}

// Accumulators, windows and weights of the 32 registers: 24 + 6 + 2, and 16 + 8 + 2.
SWL_TARGET void swl_qs8_conv_1x32c4__dotprod(const swl_strip *s) { strip(s, 1, 8); }
SWL_TARGET void swl_qs8_conv_6x16c4__dotprod(const swl_strip *s) { strip(s, 6, 4); }
SWL_TARGET void swl_qs8_conv_8x8c4__dotprod(const swl_strip *s) { strip(s, 8, 2); }
SWL_TARGET void swl_qs8_conv_8x4c4__dotprod(const swl_strip *s) { strip(s, 8, 1); }

#endif
