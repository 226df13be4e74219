// Depthwise strips for ARM: the walk over channels and pixels. Each instruction set says what it
// does with a column of taps.
#ifndef SWIFTLET_DEPTHWISE_NEON_H
#define SWIFTLET_DEPTHWISE_NEON_H

#include "vector-neon.h"

/// Any rounding, any number of taps, up to four vectors from `first` on.
SWL_TARGET SWL_INLINE void columns_of_any(const swl_strip *s, int first) {
  const clamp_t clamp = clamp_of(s);
  const int channels = s->channels - first * lanes;
  const int vectors = channels >= 4 * lanes ? 4 : (channels + lanes - 1) / lanes;
  const int8_t *input = (const int8_t *)s->input + first * vector_bytes;
  int8_t *output = s->output + first * lanes;
  for (int pixel = 0; pixel < s->pixels; pixel++) {
    int32x4_t values[4];
#pragma clang loop unroll(disable)
    for (int i = 0; i < 4; i++) {
      const int vector = i < vectors ? i : vectors - 1;
      const int32x4_t sum = sum_any(s, input + vector * vector_bytes, first + vector);
      const scale_t by = scale_of(s, first + vector);
      values[i] = s->rounding == SWL_ONCE ? scale_once(sum, by) : scale_twice(sum, by, SWL_TWICE);
    }
    store_first(output, pack(values, clamp, SWL_TWICE), channels);
    input += s->pixel_step;
    output += s->output_step;
  }
}

/// All channels of a row: whole groups of `vectors` in their own code where the layer is of the
/// commonest form, 3 x 3 and two roundings.
SWL_TARGET SWL_INLINE void depthwise_row(const swl_strip *s, int vectors) {
  const int count = (s->channels + lanes - 1) / lanes;
  int first = 0;
  if (s->segment_count == commonest_taps && s->rounding == SWL_TWICE_CLAMPED) {
    for (; (first + vectors) * lanes <= s->channels; first += vectors)
      columns_of_commonest(s, first, vectors, SWL_TWICE_CLAMPED);
  } else if (s->segment_count == commonest_taps && s->rounding == SWL_TWICE) {
    for (; (first + vectors) * lanes <= s->channels; first += vectors)
      columns_of_commonest(s, first, vectors, SWL_TWICE);
  }
  for (; first < count; first += 4) columns_of_any(s, first);
}

SWL_TARGET SWL_INLINE void depthwise(const swl_strip *s, int vectors) {
  swl_strip row = *s;
  for (int i = 0; i < s->rows; i++) {
    depthwise_row(&row, vectors);
    row.input = (const int8_t *)row.input + s->row_step;
    row.output += s->output_row_step;
  }
}

#endif
