#if defined(__ARM_NEON)

#define SWL_TARGET
#include "scale-neon.h"

typedef int32x4_t vec;

// Accumulators of 4 channels leave room enough for loads ahead: ARMv7 has 16 registers.
#if defined(__aarch64__)
enum { block_tiles = 4 };
#else
enum { block_tiles = 2 };
#endif
enum { group_vectors = 4, depth = 1, input_bytes = 1 };

#include "winograd.h"

SWL_INLINE words load_inputs(const void *p) { return (words)vmovl_s8(vld1_s8(p)); }

/// sum + the product with one of four channels' factors.
SWL_INLINE int32x4_t add_product(int32x4_t sum, int16x4_t weights, int16x4_t taps, int channel) {
  switch (channel) {
    case 0: return vmlal_lane_s16(sum, weights, taps, 0);
    case 1: return vmlal_lane_s16(sum, weights, taps, 1);
    case 2: return vmlal_lane_s16(sum, weights, taps, 2);
    default: return vmlal_lane_s16(sum, weights, taps, 3);
  }
}

/// A channel's weights.
SWL_INLINE void load_weights(const int16_t *weights, int16x8_t *pairs) {
#pragma clang loop unroll(full)
  for (int pair = 0; pair < group_vectors / 2; pair++) pairs[pair] = vld1q_s16(weights + 8 * pair);
}

/// Four channels at once. Weights are loaded a channel ahead, for the sake of cores that run in order.
SWL_INLINE const void *add_products(vec *sums, const uint16_t *factors, ptrdiff_t tile_step,
                                    const void *weights, int steps, int tiles) {
  const int16_t *next = weights;
  const char *windows[block_tiles];
#pragma clang loop unroll(full)
  for (int tile = 0; tile < tiles; tile++) {
    windows[tile] = (const char *)(factors + tile * tile_step);
    // In a register of its own, as in strip-neon.h.
    __asm__("" : "+r"(windows[tile]));
  }
#pragma clang loop unroll(disable)
  for (ptrdiff_t offset = 0; offset < 2 * steps; offset += 8, next += 16 * group_vectors) {
    // One offset serves all.
    __asm__("" : "+r"(offset));
    int16x8_t pairs[4][group_vectors / 2];
    int16x4_t taps[block_tiles];
    load_weights(next, pairs[0]);
#pragma clang loop unroll(full)
    for (int tile = 0; tile < tiles; tile++) taps[tile] = vld1_s16((const int16_t *)(windows[tile] + offset));
#pragma clang loop unroll(full)
    for (int channel = 0; channel < 4; channel++) {
      if (channel < 3) load_weights(next + 4 * group_vectors * (channel + 1), pairs[channel + 1]);
#pragma clang loop unroll(full)
      for (int pair = 0; pair < group_vectors / 2; pair++) {
        const int16x8_t both = pairs[channel][pair];
#pragma clang loop unroll(full)
        for (int tile = 0; tile < tiles; tile++) {
          vec *sum = &sums[tile * group_vectors + 2 * pair];
          sum[0] = add_product(sum[0], vget_low_s16(both), taps[tile], channel);
          sum[1] = add_product(sum[1], vget_high_s16(both), taps[tile], channel);
        }
      }
    }
  }
  return next;
}

SWL_INLINE vec finish_sums(const swl_strip *s, int vector, signed_sums products) {
  return vsraq_n_s32(bias_of(s, vector), products, 6);
}

void swl_winograd_inputs_c8__neon(const swl_winograd *w) { winograd_inputs(w); }
void swl_qs8_conv_winograd_6x16__neon(const swl_winograd *w) { winograd_outputs(w); }

#endif
