// Depthwise strips for x86, in the vocabulary of the vector-*.h included before, for files whose 3 x 3
// windows take `common_taps` dot products.

#include "scale-x86.h"

/// `pixels` pixels of `vectors` vectors of channels: one dot product takes the rows of a column of
/// taps.
SWL_INLINE void depthwise_tile(const swl_strip *s, const uint8_t *input, int8_t *output, int pixels,
                               int vectors, int is_twice) {
  vec sums[4 * 4];
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels * vectors; i++) sums[i] = vec_zero();
#pragma clang loop unroll(full)
  for (int vector = 0; vector < vectors; vector++) {
    const vec *weights = (const vec *)s->weights + vector * s->segment_count;
    for (int tap = 0; tap < s->segment_count; tap++) {
      const uint8_t *column = input + s->segments[tap] + vector * lanes * step_bytes;
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++) {
        vec *sum = &sums[pixel * vectors + vector];
        *sum = vec_dot(*sum, vec_load(column + pixel * s->pixel_step), weights[tap]);
      }
    }
  }
  scale_tile(s, sums, pixels, vectors, is_twice);
  pack_tile(s, output, sums, pixels, vectors, 0);
}

/// All pixels of the strip's first `vectors` vectors of channels.
SWL_INLINE void columns(const swl_strip *s, int vectors, int is_twice) {
  for (int row = 0; row < s->rows; row++) {
    const uint8_t *input = (const uint8_t *)s->input + row * s->row_step;
    int8_t *output = s->output + row * s->output_row_step;
    int left = s->pixels;
    for (; left >= 4; left -= 4) {
      depthwise_tile(s, input, output, 4, vectors, is_twice);
      input += 4 * s->pixel_step;
      output += 4 * s->output_step;
    }
    for (; left > 0; left--) {
      depthwise_tile(s, input, output, 1, vectors, is_twice);
      input += s->pixel_step;
      output += s->output_step;
    }
  }
}

/// All channels, four vectors at a time; of a copy, since stores of bytes might alias the original.
SWL_INLINE void depthwise(swl_strip s, int is_twice) {
  for (; s.channels > 3 * lanes; s.channels -= 4 * lanes) {
    columns(&s, 4, is_twice);
    s.input = (const uint8_t *)s.input + 4 * lanes * step_bytes;
    s.weights = (const vec *)s.weights + 4 * s.segment_count;
    s.constants = (const vec *)s.constants + 4 * scale_rows;
    s.output += 4 * lanes;
  }
  if (s.channels > 2 * lanes) {
    columns(&s, 3, is_twice);
  } else if (s.channels > lanes) {
    columns(&s, 2, is_twice);
  } else if (s.channels > 0) {
    columns(&s, 1, is_twice);
  }
}

/// The commonest form, 3 x 3 of one rounding in effect, has its own code.
SWL_INLINE void depthwise_strip(const swl_strip *s) {
  swl_strip copy = *s;
  if (s->rounding == SWL_TWICE) {
    depthwise(copy, 1);
  } else if (s->segment_count == common_taps) {
    int32_t segments[common_taps];
    for (int i = 0; i < common_taps; i++) segments[i] = s->segments[i];
    copy.segments = segments;
    copy.segment_count = common_taps;
    depthwise(copy, 0);
  } else {
    depthwise(copy, 0);
  }
}
