#if defined(__aarch64__)

#define SWL_TARGET __attribute__((target("dotprod")))
#include "ordered-arm64.h"
#include "strip-neon.h"

SWL_TARGET SWL_INLINE int32x4_t dot(int32x4_t sum, int8x16_t weights, int8x16_t taps, int step) {
  switch (step) {
    case 0: return vdotq_laneq_s32(sum, weights, taps, 0);
    case 1: return vdotq_laneq_s32(sum, weights, taps, 1);
    case 2: return vdotq_laneq_s32(sum, weights, taps, 2);
    default: return vdotq_laneq_s32(sum, weights, taps, 3);
  }
}

/// As `dot`, in order.
SWL_TARGET SWL_INLINE int32x4_t ordered_dot(int32x4_t sum, int8x16_t weights, int8x16_t taps,
                                            int step) {
  __asm__ volatile("sdot %0.4s, %1.16b, %2.4b[%c3]" : "+w"(sum) : "w"(weights), "w"(taps), "i"(step));
  return sum;
}

/// Passes of four steps, a pixel's in one register: the pixels' sums of a weight, then of the next
/// one, loaded meanwhile. Returns the weights that follow.
SWL_TARGET SWL_INLINE const int8_t *add_passes(int32x4_t *sums, const int8_t *const *windows,
                                               const int8_t *weights, ptrdiff_t offset, int passes,
                                               int pixels, int vectors) {
  if (passes == 0) return weights;
  const int registers = 4 * vectors;
#pragma clang loop unroll(disable)
  do {
    const int8_t *at[16];
    int8x16_t taps[8], steps[16];
    steps[0] = vld1q_s8(weights);
    // Loads by offset and additions go in pairs.
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels || i + 1 < registers; i++) {
      if (i < pixels) taps[i] = vld1q_s8(windows[i] + offset);
      if (i + 1 < registers) at[i + 1] = beyond(weights, 16 * (i + 1));
    }
    weights = beyond(weights, 16 * registers);
    offset = (ptrdiff_t)beyond((const int8_t *)offset, 16);
    passes = one_less(passes);
#pragma clang loop unroll(full)
    for (int op = 0; op < registers * pixels; op++) {
      const int i = op / pixels, pixel = op % pixels;
      int32x4_t *sum = &sums[pixel * vectors + i % vectors];
      *sum = ordered_dot(*sum, steps[i], taps[pixel], i / vectors);
      if (pixel == 0 && i + 1 < registers) steps[i + 1] = load16(at[i + 1]);
    }
  } while (passes != 0);
  return weights;
}

/// Four steps at once, a pixel's in one register; then one by one.
SWL_TARGET SWL_INLINE void tile(const swl_strip *s, const int8_t *input, int8_t *output,
                                int stores, int pixels, int vectors) {
  int32x4_t sums[tile_vectors];
  start_from_bias(s, sums, pixels, vectors);
  const int8_t *windows[8];
  windows_of(s, input, pixels, windows);
  const int8_t *weights = s->weights;
  for (int segment = 0; segment < s->segment_count; segment++) {
    ptrdiff_t offset = s->segments[segment];
    int left = s->steps;
    if (pixels >= 6) {
      weights = add_passes(sums, windows, weights, offset, left / 4, pixels, vectors);
      offset += left / 4 * 16;
      left %= 4;
    }
#pragma clang loop unroll(disable)
    for (; pixels < 6 && left >= 4; left -= 4, offset += 16) {
      int8x16_t taps[8];
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++)
        taps[pixel] = vld1q_s8(windows[pixel] + offset);
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
    for (; left > 0; left--, offset += 4) {
      int8x16_t taps[8];
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++) {
        const int8_t *from = windows[pixel] + offset;
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
  store_tile(s, output, sums, stores, pixels, vectors);
}

// Accumulators, windows and weights of the 32 registers: 24 + 6 + 2, and 16 + 8 + 2.
SWL_TARGET void swl_qs8_conv_1x32c4__dotprod(const swl_strip *s) { strip(s, 1, 8); }
SWL_TARGET void swl_qs8_conv_6x16c4__dotprod(const swl_strip *s) { strip(s, 6, 4); }
SWL_TARGET void swl_qs8_conv_8x8c4__dotprod(const swl_strip *s) { strip(s, 8, 2); }
SWL_TARGET void swl_qs8_conv_8x4c4__dotprod(const swl_strip *s) { strip(s, 8, 1); }

#endif
