// Winograd for x86, in the vocabulary of the vector-*.h included before: pairs of channels.

#include "scale-x86.h"

enum { group_vectors = 2, block_tiles = 6, depth = 2, input_bytes = 2, transforms_unrolled = 6 };

#include "winograd.h"

SWL_INLINE words load_inputs(const void *p) { return *(const words *)p; }

SWL_INLINE const void *add_products(vec *sums, const uint16_t *factors, ptrdiff_t tile_step,
                                    const void *weights, int steps, int tiles) {
  const vec *pairs = weights;
  for (int step = 0; step < steps; step++, pairs += group_vectors) {
#pragma clang loop unroll(full)
    for (int tile = 0; tile < tiles; tile++) {
      vec taps = vec_broadcast(factors + tile * tile_step + depth * step);
#pragma clang loop unroll(full)
      for (int vector = 0; vector < group_vectors; vector++) {
        vec *sum = &sums[tile * group_vectors + vector];
        *sum = vec_dot_words(*sum, taps, pairs[vector]);
      }
    }
  }
  return pairs;
}

/// The bias is part of the constants.
SWL_INLINE vec accumulators_of(const swl_strip *s, int vector, signed_sums products) {
  (void)s, (void)vector;
  return (vec)(products >> 6);
}

SWL_INLINE void store_pixels(const swl_strip *s, int8_t *output, vec *values, int pixels) {
  store_tile(s, output, values, pixels, group_vectors);
}
