#if defined(__ARM_NEON)

#include "words-neon.h"

/// Bytes of a vector's channels.
enum { vector_bytes = 8 };

/// `pixels` pixels of one vector of channels.
__attribute__((always_inline)) static inline void column(const swl_strip *s, const int8_t *input,
                                                         int8_t *output, int pixels, int vector) {
  int32x4_t sums[4];
#pragma clang loop unroll(full)
  for (int pixel = 0; pixel < pixels; pixel++) sums[pixel] = vdupq_n_s32(0);
  const int16_t *weights = (const int16_t *)s->weights + 4 * vector * s->segment_count;
  for (int tap = 0; tap < s->segment_count; tap++, weights += 4) {
    const int8_t *from = input + s->segments[tap] + vector * vector_bytes;
    const int16x4_t weight = vld1_s16(weights);
#pragma clang loop unroll(full)
    for (int pixel = 0; pixel < pixels; pixel++, from += s->pixel_step)
      sums[pixel] = vmlal_s16(sums[pixel], vld1_s16((const int16_t *)from), weight);
  }
#pragma clang loop unroll(full)
  for (int pixel = 0; pixel < pixels; pixel++)
    store_words(s, output + pixel * s->output_step, sums[pixel], vector);
}

void swl_qs16_qs8_dwconv_4c1__neon(const swl_strip *s) {
  for (int row = 0; row < s->rows; row++) {
    const int8_t *input = (const int8_t *)s->input + row * s->row_step;
    int8_t *output = s->output + row * s->output_row_step;
    int left = s->pixels;
    for (; left >= 4; left -= 4) {
      for (int vector = 0; 4 * vector < s->channels; vector++) column(s, input, output, 4, vector);
      input += 4 * s->pixel_step;
      output += 4 * s->output_step;
    }
    for (; left > 0; left--) {
      for (int vector = 0; 4 * vector < s->channels; vector++) column(s, input, output, 1, vector);
      input += s->pixel_step;
      output += s->output_step;
    }
  }
}

/// One row: as it is.
void swl_interleave1_x16__neon(const int8_t *const *rows, void *output, ptrdiff_t count) {
  const int16_t *row = (const int16_t *)rows[0];
  int16_t *target = output;
  ptrdiff_t i = 0;
  for (; i + 8 <= count; i += 8) vst1q_s16(target + i, vld1q_s16(row + i));
  for (; i < count; i++) target[i] = row[i];
}

#endif
