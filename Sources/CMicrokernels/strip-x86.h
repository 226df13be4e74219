// Dense strips for x86, in the vocabulary of the vector-*.h included before.

#include "scale-x86.h"

/// A tile's accumulators: at most this many.
enum { tile_vectors = 24 };

SWL_INLINE void tile(const swl_strip *s, const uint8_t *input, int8_t *output, int pixels,
                     int vectors, element kind) {
  vec sums[tile_vectors];
#pragma clang loop unroll(full)
  for (int i = 0; i < pixels * vectors; i++) sums[i] = vec_zero();
  const vec *weights = s->weights;
  for (int segment = 0; segment < s->segment_count; segment++) {
    const uint8_t *window = input + s->segments[segment];
    for (int step = 0; step < s->steps; step++) {
#pragma clang loop unroll(full)
      for (int pixel = 0; pixel < pixels; pixel++) {
        vec taps = vec_broadcast(window + pixel * s->pixel_step);
#pragma clang loop unroll(full)
        for (int vector = 0; vector < vectors; vector++) {
          vec *sum = &sums[pixel * vectors + vector];
          *sum = dot(*sum, taps, weights[vector], kind);
        }
      }
      weights += vectors;
      window += step_bytes;
    }
  }
  if (kind == of_words)
    store_words_tile(s, output, sums, pixels, vectors);
  else
    store_tile(s, output, sums, pixels, vectors);
}

/// Cuts rows into tiles of nearly equal size: eight pixels are 4 + 4, not 6 + 2.
SWL_INLINE void strip(const swl_strip *s, int widest, int vectors, element kind) {
  for (int row = 0; row < s->rows; row++) {
    const uint8_t *input = (const uint8_t *)s->input + row * s->row_step;
    int8_t *output = s->output + row * s->output_row_step;
    int tiles = (s->pixels + widest - 1) / widest;
    for (int left = s->pixels; left > 0; tiles--) {
      int pixels = (left + tiles - 1) / tiles;
      switch (pixels) {
        case 8: if (widest >= 8) tile(s, input, output, 8, vectors, kind); break;
        case 7: if (widest >= 7) tile(s, input, output, 7, vectors, kind); break;
        case 6: if (widest >= 6) tile(s, input, output, 6, vectors, kind); break;
        case 5: if (widest >= 5) tile(s, input, output, 5, vectors, kind); break;
        case 4: if (widest >= 4) tile(s, input, output, 4, vectors, kind); break;
        case 3: if (widest >= 3) tile(s, input, output, 3, vectors, kind); break;
        case 2: if (widest >= 2) tile(s, input, output, 2, vectors, kind); break;
        default: tile(s, input, output, 1, vectors, kind);
      }
      input += pixels * s->pixel_step;
      output += pixels * s->output_step;
      left -= pixels;
    }
  }
}
