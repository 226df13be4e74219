#if defined(__ARM_NEON)

#define SWL_TARGET
#include "strip-neon.h"
#include "words-neon.h"

/// sum + weights * one of four taps.
SWL_INLINE int32x4_t add_tap(int32x4_t sum, int16x4_t weights, int16x4_t taps, int tap) {
  switch (tap) {
    case 0: return vmlal_lane_s16(sum, weights, taps, 0);
    case 1: return vmlal_lane_s16(sum, weights, taps, 1);
    case 2: return vmlal_lane_s16(sum, weights, taps, 2);
    default: return vmlal_lane_s16(sum, weights, taps, 3);
  }
}

/// Four taps at once, then one by one.
SWL_INLINE void tile(const swl_strip *s, const int8_t *input, int8_t *output, int stores,
                     int pixels, int vectors) {
  (void)stores;  // Always vector by vector.
  int32x4_t sums[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels * vectors; i++) sums[i] = vdupq_n_s32(0);
  const int8_t *windows[4];
  windows_of(s, input, pixels, windows);
  const int16_t *weights = s->weights;
  for (int segment = 0; segment < s->segment_count; segment++) {
    ptrdiff_t offset = s->segments[segment];
    int left = s->steps;
#pragma clang loop unroll(disable)
    for (; left >= 4; left -= 4, offset += 8) {
      int16x4_t taps[4];
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++)
        taps[pixel] = vld1_s16((const int16_t *)(windows[pixel] + offset));
#pragma clang loop unroll(full)
      for (int tap = 0; tap < 4; tap++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < vectors; i++, weights += 4) {
          const int16x4_t weight = vld1_s16(weights);
#pragma clang loop unroll(full)
          for (int pixel = 0; pixel < pixels; pixel++) {
            int32x4_t *sum = &sums[pixel * vectors + i];
            *sum = add_tap(*sum, weight, taps[pixel], tap);
          }
        }
      }
    }
    for (; left > 0; left--, offset += 2) {
#pragma clang loop unroll(full)
      for (int i = 0; i < vectors; i++, weights += 4) {
        const int16x4_t weight = vld1_s16(weights);
#pragma clang loop unroll(full)
        for (int pixel = 0; pixel < pixels; pixel++) {
          const int16x4_t tap = vld1_dup_s16((const int16_t *)(windows[pixel] + offset));
          int32x4_t *sum = &sums[pixel * vectors + i];
          *sum = vmlal_s16(*sum, weight, tap);
        }
      }
    }
  }
#pragma clang loop unroll(full)
  for (int pixel = 0; pixel < pixels; pixel++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < vectors; i++)
      store_words(s, output + pixel * s->output_step, sums[pixel * vectors + i], i);
  }
}

// 8 accumulators of 4 channels: ARMv7 has 16 registers.
void swl_qs16_qs8_conv_1x32c1__neon(const swl_strip *s) { strip(s, 1, 8); }
void swl_qs16_qs8_conv_2x16c1__neon(const swl_strip *s) { strip(s, 2, 4); }
void swl_qs16_qs8_conv_4x8c1__neon(const swl_strip *s) { strip(s, 4, 2); }
void swl_qs16_qs8_conv_4x4c1__neon(const swl_strip *s) { strip(s, 4, 1); }

#endif
