#if defined(__ARM_NEON)

#include "scale-neon.h"

typedef int32x4_t vec;

// Accumulators of 4 channels leave room enough for loads ahead: ARMv7 has 16 registers.
#if defined(__aarch64__)
enum { block_tiles = 4 };
#else
enum { block_tiles = 2 };
#endif
enum { group_vectors = 4, depth = 1, input_bytes = 1, transforms_unrolled = 1 };

#include "winograd.h"

SWL_INLINE words load_inputs(const void *p) { return (words)vmovl_s8(vld1_s8(p)); }

#if !defined(__aarch64__)
/// One of four channels' factors, in all lanes: of the instruction itself.
SWL_INLINE int16x4_t channel_of(int16x4_t taps, int channel) {
  switch (channel) {
    case 0: return vdup_lane_s16(taps, 0);
    case 1: return vdup_lane_s16(taps, 1);
    case 2: return vdup_lane_s16(taps, 2);
    default: return vdup_lane_s16(taps, 3);
  }
}
#endif

/// Adds the products of two vectors of weights with one of four channels' factors. Volatile assembly
/// stays in order: cores that run in order wait for what the compiler loads too late.
SWL_INLINE void add_pair(vec *sums, int16x8_t weights, int16x8_t taps, int channel) {
#if defined(__aarch64__)
  __asm__ volatile("smlal %0.4s, %1.4h, %2.h[%3]"
                   : "+w"(sums[0])
                   : "w"(weights), "x"(taps), "i"(channel));
  __asm__ volatile("smlal2 %0.4s, %1.8h, %2.h[%3]"
                   : "+w"(sums[1])
                   : "w"(weights), "x"(taps), "i"(channel));
#else
  const int16x4_t low = vget_low_s16(weights), high = vget_high_s16(weights);
  sums[0] = vmlal_s16(sums[0], low, channel_of(vget_low_s16(taps), channel));
  sums[1] = vmlal_s16(sums[1], high, channel_of(vget_low_s16(taps), channel));
#endif
}

/// Four channels at once, weights loaded two pairs of vectors ahead.
SWL_INLINE const void *add_products(vec *sums, const uint16_t *factors, ptrdiff_t tile_step,
                                    const void *weights, int steps, int tiles) {
  enum { channels = 4, pairs = group_vectors / 2, loads = channels * pairs };
  const int16_t *next = weights;
  const char *windows[block_tiles];
#pragma clang loop unroll(full)
  for (int tile = 0; tile < tiles; tile++) {
    windows[tile] = (const char *)(factors + tile * tile_step);
    // In a register of its own, as in strip-neon.h.
    __asm__("" : "+r"(windows[tile]));
  }
#pragma clang loop unroll(disable)
  for (ptrdiff_t offset = 0; offset < 2 * steps; offset += 2 * channels, next += 8 * loads) {
    // One offset serves all.
    __asm__("" : "+r"(offset));
    int16x8_t ahead[loads];
    int16x8_t taps[block_tiles];
    ahead[0] = vld1q_s16(next);
#pragma clang loop unroll(full)
    for (int tile = 0; tile < tiles; tile++)
      taps[tile] = vcombine_s16(vld1_s16((const int16_t *)(windows[tile] + offset)), vdup_n_s16(0));
    ahead[1] = vld1q_s16(next + 8);
#pragma clang loop unroll(full)
    for (int load = 0; load < loads; load++) {
      if (load + 2 < loads) ahead[load + 2] = vld1q_s16(next + 8 * (load + 2));
#pragma clang loop unroll(full)
      for (int tile = 0; tile < tiles; tile++) {
        vec *sum = &sums[tile * group_vectors + load % pairs * 2];
        add_pair(sum, ahead[load], taps[tile], load / pairs);
      }
    }
  }
  return next;
}

SWL_INLINE vec accumulators_of(const swl_strip *s, int vector, signed_sums products) {
  return vsraq_n_s32(bias_of(s, vector), products, 6);
}

SWL_INLINE void store_pixels(const swl_strip *s, int8_t *output, vec *values, int pixels) {
  store_tile(s, output, values, stores_of(s, group_vectors), pixels, group_vectors);
}

void swl_winograd_inputs_c8__neon(const swl_winograd *w) { winograd_inputs(w); }
void swl_qs8_conv_winograd_4x16__neon(const swl_winograd *w) { winograd_outputs(w); }

#endif
