// Dense strips for ARM: the walk over tiles, and what becomes of their sums. Each instruction set
// has its own tile.
#ifndef SWIFTLET_STRIP_NEON_H
#define SWIFTLET_STRIP_NEON_H

#include "scale-neon.h"

/// The sums of `pixels` x `vectors`, from the biases on, scaled and stored.
SWL_TARGET SWL_INLINE void tile(const swl_strip *s, const int8_t *input, int8_t *output, int stores,
                                int pixels, int vectors);

/// The pixels' windows, each in a register of its own: one offset then serves all the loads of a
/// step. Left to itself, the compiler would add from pixel to pixel, to save registers.
SWL_INLINE void windows_of(const swl_strip *s, const int8_t *input, int pixels,
                           const int8_t **windows) {
#pragma clang loop unroll(full)
  for (int pixel = 0; pixel < pixels; pixel++) {
    windows[pixel] = input + pixel * s->pixel_step;
    __asm__("" : "+r"(windows[pixel]));
  }
}

SWL_INLINE void start_from_bias(const swl_strip *s, int32x4_t *sums, int pixels, int vectors) {
#pragma clang loop unroll(full)
  for (int vector = 0; vector < vectors; vector++) {
    const int32x4_t bias = bias_of(s, vector);
#pragma clang loop unroll(full)
    for (int pixel = 0; pixel < pixels; pixel++) sums[pixel * vectors + vector] = bias;
  }
}

/// Pixels of the next tile: the widest that fits, but eight are 4 + 4, not 6 + 2.
SWL_INLINE int next_tile(int left, int widest) {
  if (left >= widest && !(widest == 6 && left == 8)) return widest;
  return left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

SWL_TARGET SWL_INLINE void strip(const swl_strip *s, int widest, int vectors) {
  const int stores = stores_of(s, vectors);
  for (int row = 0; row < s->rows; row++) {
    const int8_t *input = (const int8_t *)s->input + row * s->row_step;
    int8_t *output = s->output + row * s->output_row_step;
    for (int left = s->pixels; left > 0;) {
      const int pixels = next_tile(left, widest);
      switch (pixels) {
        case 8: if (widest >= 8) tile(s, input, output, stores, 8, vectors); break;
        case 6: if (widest == 6) tile(s, input, output, stores, 6, vectors); break;
        case 4: if (widest >= 4) tile(s, input, output, stores, 4, vectors); break;
        case 2: if (widest >= 2) tile(s, input, output, stores, 2, vectors); break;
        default: tile(s, input, output, stores, 1, vectors);
      }
      input += pixels * s->pixel_step;
      output += pixels * s->output_step;
      left -= pixels;
    }
  }
}

#endif
