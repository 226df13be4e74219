#if defined(__ARM_NEON)

#define SWL_TARGET
#include "vector-neon.h"

/// Bytes of a vector's channels, two rows each; columns of 3 x 3 taps, in two pairs of rows.
enum { vector_bytes = 8, commonest_taps = 6 };

/// 16 bits hold the products of two taps of two rows, weights being above -128.
SWL_INLINE int32x4_t sum_any(const swl_strip *s, const int8_t *input, int vector) {
  const int8_t *weights = (const int8_t *)s->weights + vector * s->segment_count * vector_bytes;
  int32x4_t sum = bias_of(s, vector);
  int tap = 0;
  for (; tap + 2 <= s->segment_count; tap += 2, weights += 2 * vector_bytes) {
    int16x8_t products = vmull_s8(vld1_s8(input + s->segments[tap]), vld1_s8(weights));
    products = vmlal_s8(products, vld1_s8(input + s->segments[tap + 1]),
                        vld1_s8(weights + vector_bytes));
    sum = vpadalq_s16(sum, products);
  }
  if (tap < s->segment_count)
    sum = vpadalq_s16(sum, vmull_s8(vld1_s8(input + s->segments[tap]), vld1_s8(weights)));
  return sum;
}

/// Two vectors at once; weights and scales stay in registers from pixel to pixel.
SWL_INLINE void columns_of_commonest(const swl_strip *s, int first, int vectors) {
  enum { taps = commonest_taps };
  (void)vectors;
  const clamp_t clamp = clamp_of(s);
  const int8_t *from = (const int8_t *)s->weights + first * taps * vector_bytes;
  int8x16_t weights[taps];
  ptrdiff_t offsets[taps];
#pragma clang loop unroll(full)
  for (int tap = 0; tap < taps; tap++) {
    weights[tap] = vcombine_s8(vld1_s8(from + tap * vector_bytes),
                               vld1_s8(from + (taps + tap) * vector_bytes));
    offsets[tap] = s->segments[tap];
  }
  const int32x4_t bias[2] = {bias_of(s, first), bias_of(s, first + 1)};
  const scale_t scales[2] = {scale_of(s, first), scale_of(s, first + 1)};
  const int8_t *input = (const int8_t *)s->input + first * vector_bytes;
  int8_t *output = s->output + first * lanes;
  for (int pixel = 0; pixel < s->pixels; pixel++) {
    int16x8_t low[taps / 2], high[taps / 2];
#pragma clang loop unroll(full)
    for (int i = 0; i < taps / 2; i++) {
      const int8x16_t a = vld1q_s8(input + offsets[2 * i]);
      low[i] = vmull_s8(vget_low_s8(a), vget_low_s8(weights[2 * i]));
      high[i] = vmull_s8(vget_high_s8(a), vget_high_s8(weights[2 * i]));
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < taps / 2; i++) {
      const int8x16_t b = vld1q_s8(input + offsets[2 * i + 1]);
      low[i] = vmlal_s8(low[i], vget_low_s8(b), vget_low_s8(weights[2 * i + 1]));
      high[i] = vmlal_s8(high[i], vget_high_s8(b), vget_high_s8(weights[2 * i + 1]));
    }
    int32x4_t sums[2] = {bias[0], bias[1]};
#pragma clang loop unroll(full)
    for (int i = 0; i < taps / 2; i++) {
      sums[0] = vpadalq_s16(sums[0], low[i]);
      sums[1] = vpadalq_s16(sums[1], high[i]);
    }
    vst1_s8(output, pack_half(scale_twice(sums[0], scales[0]), scale_twice(sums[1], scales[1]),
                              clamp));
    input += s->pixel_step;
    output += s->output_step;
  }
}

#include "depthwise-neon.h"

void swl_qs8_dwconv_8c2__neon(const swl_strip *s) { depthwise(s, 2); }

#endif
