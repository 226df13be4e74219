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

/// The constants of two vectors, which stay in registers from pixel to pixel.
typedef struct {
  int8x16_t weights[commonest_taps];
  ptrdiff_t offsets[commonest_taps];
  int32x4_t bias[2];
  scale_t scales[2];
  clamp_t clamp;
} block_t;

/// One or two pixels at once: in-order cores need as many independent sums.
SWL_INLINE void columns_of_pixels(const swl_strip *s, const block_t *block, const int8_t *input,
                                  int8_t *output, int pixels, int rounding) {
  int32x4_t sums[4] = {block->bias[0], block->bias[1], block->bias[0], block->bias[1]};
#pragma clang loop unroll(full)
  for (int tap = 0; tap < commonest_taps; tap += 2) {
    const int8x16_t first = block->weights[tap], second = block->weights[tap + 1];
    int16x8_t products[4];
#pragma clang loop unroll(full)
    for (int pixel = 0; pixel < pixels; pixel++) {
      const int8x16_t x = vld1q_s8(input + pixel * s->pixel_step + block->offsets[tap]);
      products[2 * pixel] = vmull_s8(vget_low_s8(x), vget_low_s8(first));
      products[2 * pixel + 1] = vmull_s8(vget_high_s8(x), vget_high_s8(first));
    }
#pragma clang loop unroll(full)
    for (int pixel = 0; pixel < pixels; pixel++) {
      const int8x16_t x = vld1q_s8(input + pixel * s->pixel_step + block->offsets[tap + 1]);
      int16x8_t *both = &products[2 * pixel];
      both[0] = vmlal_s8(both[0], vget_low_s8(x), vget_low_s8(second));
      both[1] = vmlal_s8(both[1], vget_high_s8(x), vget_high_s8(second));
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 2 * pixels; i++) sums[i] = vpadalq_s16(sums[i], products[i]);
  }
  int32x4_t values[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
    values[i] = scale_twice(sums[i % (2 * pixels)], block->scales[i % 2], rounding);
  const int8x16_t bytes = pack(values, block->clamp, rounding);
  vst1_s8(output, vget_low_s8(bytes));
  if (pixels == 2) vst1_s8(output + s->output_step, vget_high_s8(bytes));
}

SWL_INLINE void columns_of_commonest(const swl_strip *s, int first, int vectors, int rounding) {
  (void)vectors;  // Always two.
  block_t block = {.bias = {bias_of(s, first), bias_of(s, first + 1)},
                   .scales = {scale_of(s, first), scale_of(s, first + 1)},
                   .clamp = clamp_of(s)};
  const int8_t *from =
      (const int8_t *)s->weights + first * commonest_taps * vector_bytes;
#pragma clang loop unroll(full)
  for (int tap = 0; tap < commonest_taps; tap++) {
    block.weights[tap] = vcombine_s8(vld1_s8(from + tap * vector_bytes),
                                     vld1_s8(from + (commonest_taps + tap) * vector_bytes));
    // To the compiler one register, not two halves: SMULL2 reads the upper ones where they are.
    __asm__("" : "+w"(block.weights[tap]));
    block.offsets[tap] = s->segments[tap];
  }
  const int8_t *input = (const int8_t *)s->input + first * vector_bytes;
  int8_t *output = s->output + first * lanes;
  int left = s->pixels;
  for (; left >= 2; left -= 2) {
    columns_of_pixels(s, &block, input, output, 2, rounding);
    input += 2 * s->pixel_step;
    output += 2 * s->output_step;
  }
  if (left > 0) columns_of_pixels(s, &block, input, output, 1, rounding);
}

#include "depthwise-neon.h"

void swl_qs8_dwconv_8c2__neon(const swl_strip *s) { depthwise(s, 2); }

#endif
