#if defined(__aarch64__)

#define SWL_TARGET __attribute__((target("dotprod")))
#include "vector-neon.h"

/// Bytes of a vector's channels, four rows each; columns of 3 x 3 taps.
enum { vector_bytes = 16, commonest_taps = 3 };

SWL_TARGET SWL_INLINE int32x4_t sum_any(const swl_strip *s, const int8_t *input, int vector) {
  const int8_t *weights = (const int8_t *)s->weights + vector * s->segment_count * vector_bytes;
  int32x4_t sum = bias_of(s, vector);
  for (int tap = 0; tap < s->segment_count; tap++, weights += vector_bytes)
    sum = vdotq_s32(sum, vld1q_s8(input + s->segments[tap]), vld1q_s8(weights));
  return sum;
}

/// Weights and scales stay in registers from pixel to pixel.
SWL_TARGET SWL_INLINE void columns_of_commonest(const swl_strip *s, int first, int vectors,
                                                int rounding) {
  enum { taps = commonest_taps };
  const clamp_t clamp = clamp_of(s);
  const int8_t *from = (const int8_t *)s->weights + first * taps * vector_bytes;
  int8x16_t weights[4 * taps];
  int32x4_t bias[4];
  scale_t scales[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < vectors * taps; i++) weights[i] = vld1q_s8(from + i * vector_bytes);
#pragma clang loop unroll(full)
  for (int i = 0; i < vectors; i++) {
    bias[i] = bias_of(s, first + i);
    scales[i] = scale_of(s, first + i);
  }
  const int8_t *left = (const int8_t *)s->input + first * vector_bytes + s->segments[0];
  const ptrdiff_t middle = s->segments[1] - s->segments[0];
  const ptrdiff_t right = s->segments[2] - s->segments[0];
  int8_t *output = s->output + first * lanes;
  for (int pixel = 0; pixel < s->pixels; pixel++) {
    int32x4_t values[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < vectors; i++)
      values[i] = vdotq_s32(bias[i], vld1q_s8(left + i * vector_bytes), weights[i * taps]);
#pragma clang loop unroll(full)
    for (int i = 0; i < vectors; i++) {
      const int8_t *column = left + middle + i * vector_bytes;
      values[i] = vdotq_s32(values[i], vld1q_s8(column), weights[i * taps + 1]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < vectors; i++) {
      const int8_t *column = left + right + i * vector_bytes;
      values[i] = vdotq_s32(values[i], vld1q_s8(column), weights[i * taps + 2]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < vectors; i++)
      values[i] = scale_twice(values[i], scales[i], rounding);
    if (vectors == 4) {
      vst1q_s8(output, pack(values, clamp, rounding));
    } else {
      values[2] = values[0];
      values[3] = values[1];
      vst1_s8(output, vget_low_s8(pack(values, clamp, rounding)));
    }
    left += s->pixel_step;
    output += s->output_step;
  }
}

#include "depthwise-neon.h"

SWL_TARGET void swl_qs8_dwconv_16c4__dotprod(const swl_strip *s) {
  // Eight channels alone have their own code too.
  if (s->channels == 2 * lanes) return depthwise(s, 2);
  depthwise(s, 4);
}

/// The bytes of four rows, byte by byte.
void swl_interleave4_s8__dotprod(const int8_t *const *rows, void *output, ptrdiff_t count) {
  int8_t *target = output;
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16, target += 64) {
    const int8x16x4_t quads = {
        {vld1q_s8(rows[0] + i), vld1q_s8(rows[1] + i), vld1q_s8(rows[2] + i),
         vld1q_s8(rows[3] + i)}};
    vst4q_s8(target, quads);
  }
  for (; i < count; i++)
    for (int row = 0; row < 4; row++) *target++ = rows[row][i];
}

#endif
