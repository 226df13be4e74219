#if defined(__ARM_NEON)

#define SWL_TARGET
#include "strip-neon.h"

#if defined(__aarch64__)
#include "passes-arm64.h"
#else

/// Four taps to a lane, from two steps: 16 bits hold both products, weights being above -128. Each
/// stage runs over all vectors, for the sake of cores that run in order.
SWL_INLINE void add_steps(int32x4_t *sums, const int8x8_t *weights, int vectors, int8x8_t first,
                          int8x8_t second) {
  int16x8_t products[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < vectors; i++) products[i] = vmull_s8(weights[i], first);
#pragma clang loop unroll(full)
  for (int i = 0; i < vectors; i++)
    products[i] = vmlal_s8(products[i], weights[vectors + i], second);
#pragma clang loop unroll(full)
  for (int i = 0; i < vectors; i++) sums[i] = vpadalq_s16(sums[i], products[i]);
}

/// The taps of one of four steps, in all lanes.
SWL_INLINE int8x8_t step_of(int8x8_t window, int step) {
  const int16x4_t pairs = vreinterpret_s16_s8(window);
  switch (step) {
    case 0: return vreinterpret_s8_s16(vdup_lane_s16(pairs, 0));
    case 1: return vreinterpret_s8_s16(vdup_lane_s16(pairs, 1));
    case 2: return vreinterpret_s8_s16(vdup_lane_s16(pairs, 2));
    default: return vreinterpret_s8_s16(vdup_lane_s16(pairs, 3));
  }
}

/// Adds `passes` of four steps. Returns the weights that follow.
SWL_INLINE const int8_t *add_passes(int32x4_t *sums, const int8_t *const *windows,
                                    const int8_t *weights, ptrdiff_t offset, int passes, int pixels,
                                    int vectors) {
#pragma clang loop unroll(disable)
  for (; passes > 0; passes--, offset += 8) {
    int8x8_t taps[4];
#pragma clang loop unroll(full)
    for (int pixel = 0; pixel < pixels; pixel++) taps[pixel] = vld1_s8(windows[pixel] + offset);
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; half++) {
      int8x8_t steps[16];
#pragma clang loop unroll(full)
      for (int i = 0; i < 2 * vectors; i++, weights += 8) steps[i] = vld1_s8(weights);
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++) {
        add_steps(&sums[pixel * vectors], steps, vectors, step_of(taps[pixel], 2 * half),
                  step_of(taps[pixel], 2 * half + 1));
      }
    }
  }
  return weights;
}

#endif

/// Four steps at once, then one by one.
SWL_INLINE void tile(const swl_strip *s, const int8_t *input, int8_t *output, int stores,
                     int pixels, int vectors) {
  int32x4_t sums[tile_vectors];
  start_from_bias(s, sums, pixels, vectors);
  const int8_t *windows[4];
  windows_of(s, input, pixels, windows);
  const int8_t *weights = s->weights;
  for (int segment = 0; segment < s->segment_count; segment++) {
    ptrdiff_t offset = s->segments[segment];
    weights = add_passes(sums, windows, weights, offset, s->steps / 4, pixels, vectors);
    offset += s->steps / 4 * 8;
    for (int left = s->steps % 4; left > 0; left--, offset += 2) {
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++) {
        typedef int16_t __attribute__((aligned(1))) unaligned;
        const int16_t pair = *(const unaligned *)(windows[pixel] + offset);
        const int8x8_t taps = vreinterpret_s8_s16(vdup_n_s16(pair));
        int32x4_t *sum = &sums[pixel * vectors];
#pragma clang loop unroll(full)
        for (int i = 0; i < vectors; i++)
          sum[i] = vpadalq_s16(sum[i], vmull_s8(vld1_s8(weights + 8 * i), taps));
      }
      weights += 8 * vectors;
    }
  }
  store_tile(s, output, sums, stores, pixels, vectors);
}

// 8 accumulators of 4 channels, as many weights, 4 products: ARMv7 has 16 registers.
void swl_qs8_conv_1x32c2__neon(const swl_strip *s) { strip(s, 1, 8); }
void swl_qs8_conv_2x16c2__neon(const swl_strip *s) { strip(s, 2, 4); }
void swl_qs8_conv_4x8c2__neon(const swl_strip *s) { strip(s, 4, 2); }
void swl_qs8_conv_4x4c2__neon(const swl_strip *s) { strip(s, 4, 1); }

#endif
