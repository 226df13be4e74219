// Depthwise strips for x86, in the vocabulary of the vector-*.h included before, for files whose 3 x 3
// windows take `common_taps` dot products.

#include "scale-x86.h"

/// What is known of a strip's windows when its code is compiled.
typedef enum {
  any_window,
  /// 3 x 3, scaled with one rounding in effect.
  three_columns,
  /// And a pixel's columns of taps, but for one, are its neighbour's too.
  shared_columns,
} window_form;

/// The sums of a row of pixels in one vector of channels: one dot product takes the rows of a column
/// of taps.
SWL_INLINE void sum_pixels(const swl_strip *s, const uint8_t *input, const vec *weights, vec *sums,
                           int pixels, window_form form, element kind) {
#pragma clang loop unroll(full)
  for (int pixel = 0; pixel < pixels; pixel++) sums[pixel] = vec_zero();
  if (form == shared_columns) {
#pragma clang loop unroll(full)
    for (int block = 0; block < common_taps; block += 3) {
      const uint8_t *column = input + s->segments[block];
#pragma clang loop unroll(full)
      for (int first = 0; first < pixels + 2; first++, column += s->pixel_step) {
        vec taps = vec_load(column);
#pragma clang loop unroll(full)
        for (int tap = 0; tap < 3; tap++) {
          int pixel = first - tap;
          if (pixel >= 0 && pixel < pixels)
            sums[pixel] = dot(sums[pixel], taps, weights[block + tap], kind);
        }
      }
    }
    return;
  }
  for (int tap = 0; tap < s->segment_count; tap++) {
    const uint8_t *column = input + s->segments[tap];
#pragma clang loop unroll(full)
    for (int pixel = 0; pixel < pixels; pixel++) {
      vec taps = vec_load(column + pixel * s->pixel_step);
      sums[pixel] = dot(sums[pixel], taps, weights[tap], kind);
    }
  }
}

/// `pixels` pixels of `vectors` vectors of channels. A vector is scaled as soon as it is summed, while
/// its sums are in registers.
SWL_INLINE void depthwise_tile(const swl_strip *s, const uint8_t *input, int8_t *output, int pixels,
                               int vectors, window_form form, element kind) {
  vec tile[4 * 4];
#pragma clang loop unroll(full)
  for (int vector = 0; vector < vectors; vector++) {
    const vec *weights = (const vec *)s->weights + vector * s->segment_count;
    const vec *constants = (const vec *)s->constants + vector * scale_rows;
    vec sums[4];
    sum_pixels(s, input + vector * lanes * step_bytes, weights, sums, pixels, form, kind);
#pragma clang loop unroll(full)
    for (int pixel = 0; pixel < pixels; pixel++) {
      const int is_twice = form == any_window && kind == of_bytes && s->rounding == SWL_TWICE;
      tile[pixel * vectors + vector] = is_twice ? vec_scale(sums[pixel], constants, 1)
                                                : vec_scale(sums[pixel], constants, 0);
    }
  }
  if (kind == of_words)
    pack_words_tile(s, output, tile, pixels, vectors, 0);
  else
    pack_tile(s, output, tile, pixels, vectors, 0);
}

/// All pixels of the strip's first `vectors` vectors of channels, at most `pixels` at a time.
SWL_INLINE void columns(const swl_strip *s, int pixels, int vectors, window_form form, element kind) {
  for (int row = 0; row < s->rows; row++) {
    const uint8_t *input = (const uint8_t *)s->input + row * s->row_step;
    int8_t *output = s->output + row * s->output_row_step;
    int left = s->pixels;
    for (; left >= pixels; left -= pixels) {
      depthwise_tile(s, input, output, pixels, vectors, form, kind);
      input += pixels * s->pixel_step;
      output += pixels * s->output_step;
    }
    if (pixels > 2 && left >= 2) {
      depthwise_tile(s, input, output, 2, vectors, form, kind);
      input += 2 * s->pixel_step;
      output += 2 * s->output_step;
      left -= 2;
    }
    if (left > 0) depthwise_tile(s, input, output, 1, vectors, form, kind);
  }
}

SWL_INLINE void skip_channels(swl_strip *s, int vectors, element kind) {
  s->input = (const uint8_t *)s->input + vectors * lanes * step_bytes;
  s->weights = (const vec *)s->weights + vectors * s->segment_count;
  s->constants = (const vec *)s->constants + vectors * scale_rows;
  s->output += vectors * lanes * (kind == of_words ? 2 : 1);
  s->channels -= vectors * lanes;
}

/// All channels, at most four vectors at a time; of a copy, since stores of bytes might alias the
/// original.
SWL_INLINE void depthwise(swl_strip s, window_form form, element kind) {
  for (; s.channels > 3 * lanes; skip_channels(&s, 4, kind)) columns(&s, depthwise_pixels, 4, form, kind);
  if (s.channels > lanes) {
    columns(&s, depthwise_pixels, 2, form, kind);
    skip_channels(&s, 2, kind);
  }
  if (s.channels > 0) columns(&s, 4, 1, form, kind);
}

/// The commonest windows of bytes have their own code; those of int16 gain nothing by it.
SWL_INLINE void depthwise_strip(const swl_strip *s, element kind) {
  swl_strip copy = *s;
  if (kind == of_words || s->rounding == SWL_TWICE || s->segment_count != common_taps)
    return depthwise(copy, any_window, kind);
  int32_t segments[common_taps];
  for (int i = 0; i < common_taps; i++) segments[i] = s->segments[i];
  copy.segments = segments;
  copy.segment_count = common_taps;
  if (s->pixel_step == segments[1] - segments[0])
    depthwise(copy, shared_columns, of_bytes);
  else
    depthwise(copy, three_columns, of_bytes);
}
