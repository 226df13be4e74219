#if defined(__aarch64__)

#define SWL_TARGET __attribute__((target("i8mm")))
#include "strip-neon.h"

/// Eight taps of two pixels in one register, 16 in two.
typedef struct {
  int8x16_t first, second;
} taps_t;

SWL_INLINE taps_t taps_of(const int8_t *one, const int8_t *other) {
  const int64x2_t a = vreinterpretq_s64_s8(vld1q_s8(one));
  const int64x2_t b = vreinterpretq_s64_s8(vld1q_s8(other));
  return (taps_t){vreinterpretq_s8_s64(vzip1q_s64(a, b)), vreinterpretq_s8_s64(vzip2q_s64(a, b))};
}

/// A product of 2 pixels x 2 channels, so a vector's 4 channels take two. A single pixel is
/// multiplied twice.
SWL_TARGET SWL_INLINE void tile(const swl_strip *s, const int8_t *input, int8_t *output,
                                int stores, int pixels, int vectors) {
  const int pairs = (pixels + 1) / 2, halves = 2 * vectors;
  int32x4_t products[tile_vectors];
#pragma clang loop unroll(full)
  for (int half = 0; half < halves; half++) {
    const int32x2_t bias = vld1_s32(constants_of(s, half / 2) + half % 2 * 2);
#pragma clang loop unroll(full)
    for (int pair = 0; pair < pairs; pair++)
      products[pair * halves + half] = vcombine_s32(bias, bias);
  }
  const int8_t *windows[8];
  windows_of(s, input, pixels, windows);
  if (pixels == 1) windows[1] = windows[0];
  const int8_t *weights = s->weights;
  for (int segment = 0; segment < s->segment_count; segment++) {
    ptrdiff_t offset = s->segments[segment];
    int left = s->steps;
#pragma clang loop unroll(disable)
    for (; left >= 2; left -= 2, offset += 16) {
      taps_t taps[4];
#pragma clang loop unroll(full)
      for (int pair = 0; pair < pairs; pair++) {
        taps[pair] = taps_of(windows[2 * pair] + offset, windows[2 * pair + 1] + offset);
      }
#pragma clang loop unroll(full)
      for (int second = 0; second < 2; second++) {
        int8x16_t step[8];
#pragma clang loop unroll(full)
        for (int half = 0; half < halves; half++, weights += 16) step[half] = vld1q_s8(weights);
#pragma clang loop unroll(full)
        for (int i = 0; i < halves * pairs; i++) {
          const taps_t *both = &taps[i / halves];
          products[i] =
              vmmlaq_s32(products[i], second ? both->second : both->first, step[i % halves]);
        }
      }
    }
    if (left > 0) {
#pragma clang loop unroll(full)
      for (int half = 0; half < halves; half++, weights += 16) {
        const int8x16_t weight = vld1q_s8(weights);
#pragma clang loop unroll(full)
        for (int pair = 0; pair < pairs; pair++) {
          const int8x16_t step = vcombine_s8(vld1_s8(windows[2 * pair] + offset),
                                             vld1_s8(windows[2 * pair + 1] + offset));
          int32x4_t *product = &products[pair * halves + half];
          *product = vmmlaq_s32(*product, step, weight);
        }
      }
    }
  }
  int32x4_t sums[tile_vectors];
#pragma clang loop unroll(full)
  for (int pair = 0; pair < pairs; pair++) {
#pragma clang loop unroll(full)
    for (int vector = 0; vector < vectors; vector++) {
      const int32x4_t *half = &products[pair * halves + 2 * vector];
      const int64x2_t a = vreinterpretq_s64_s32(half[0]), b = vreinterpretq_s64_s32(half[1]);
      int32x4_t *sum = &sums[2 * pair * vectors + vector];
      sum[0] = vreinterpretq_s32_s64(vzip1q_s64(a, b));
      if (pixels > 1) sum[vectors] = vreinterpretq_s32_s64(vzip2q_s64(a, b));
    }
  }
  store_tile(s, output, sums, stores, pixels, vectors);
}

// 16 accumulators, 4 or 8 windows and their zipped halves of the 32 registers.
SWL_TARGET void swl_qs8_conv_4x16c8__i8mm(const swl_strip *s) { strip(s, 4, 4); }
SWL_TARGET void swl_qs8_conv_8x8c8__i8mm(const swl_strip *s) { strip(s, 8, 2); }
SWL_TARGET void swl_qs8_conv_8x4c8__i8mm(const swl_strip *s) { strip(s, 8, 1); }

#endif
