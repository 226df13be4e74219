// Dense strips for ARM: the walk over tiles, and what becomes of their sums. Each instruction set
// has its own tile.
#ifndef SWIFTLET_STRIP_NEON_H
#define SWIFTLET_STRIP_NEON_H

#include "vector-neon.h"

/// Pixels of a tile times vectors of channels: at most this many accumulators.
enum { tile_vectors = 24 };

/// How a tile's sums are stored: SWL_TWICE_CLAMPED and SWL_TWICE in code of their own, where whole
/// vectors are; all else as SWL_ONCE.
SWL_INLINE int stores_of(const swl_strip *s, int vectors) {
  return s->channels < vectors * lanes ? SWL_ONCE : s->rounding;
}

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

/// Any rounding, any number of channels: small rather than fast.
__attribute__((noinline)) static void store_any_tile(const swl_strip *s, int8_t *output,
                                                     const int32x4_t *sums, int pixels,
                                                     int vectors) {
  const clamp_t clamp = clamp_of(s);
  for (int pixel = 0; pixel < pixels; pixel++) {
    for (int first = 0; first * lanes < s->channels; first += 4) {
      int32x4_t values[4];
#pragma clang loop unroll(disable)
      for (int i = 0; i < 4; i++) {
        const int vector = first + i < vectors ? first + i : vectors - 1;
        const int32x4_t sum = sums[pixel * vectors + vector];
        const scale_t by = scale_of(s, vector);
        values[i] = s->rounding == SWL_ONCE ? scale_once(sum, by) : scale_twice(sum, by, SWL_TWICE);
      }
      store_first(output + first * lanes, pack(values, clamp, SWL_TWICE), s->channels - first * lanes);
    }
    output += s->output_step;
  }
}

/// Two pixels of two vectors, or four of one, fill a register together.
SWL_INLINE void store_rounded(const swl_strip *s, int8_t *output, const int32x4_t *sums,
                              int pixels, int vectors, int rounding) {
  const clamp_t clamp = clamp_of(s);
  const int across = vectors < 4 ? vectors : 4;
  const int joined = 4 / across;
#pragma clang loop unroll(full)
  for (int first = 0; first < vectors; first += across) {
    scale_t scales[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < across; i++) scales[i] = scale_of(s, first + i);
#pragma clang loop unroll(full)
    for (int pixel = 0; pixel < pixels; pixel += joined) {
      int32x4_t values[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        const int from = pixel + i / across < pixels ? pixel + i / across : pixels - 1;
        const int32x4_t sum = sums[from * vectors + first + i % across];
        values[i] = scale_twice(sum, scales[i % across], rounding);
      }
      int8x16_t bytes = pack(values, clamp, rounding);
      int8_t *target = output + pixel * s->output_step + first * lanes;
      if (joined == 1) vst1q_s8(target, bytes);
#pragma clang loop unroll(full)
      for (int i = 0; joined > 1 && i < joined && pixel + i < pixels; i++) {
        if (joined == 2) vst1_s8(target, vget_low_s8(bytes));
        if (joined == 4) store4(target, bytes);
        bytes = joined == 2 ? vextq_s8(bytes, bytes, 8) : vextq_s8(bytes, bytes, 4);
        target += s->output_step;
      }
    }
  }
}

SWL_INLINE void store_tile(const swl_strip *s, int8_t *output, const int32x4_t *sums, int stores,
                           int pixels, int vectors) {
  if (stores == SWL_ONCE) {
    // A copy, lest the sums themselves live in memory.
    int32x4_t copy[tile_vectors];
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels * vectors; i++) copy[i] = sums[i];
    store_any_tile(s, output, copy, pixels, vectors);
  } else if (stores == SWL_TWICE_CLAMPED) {
    store_rounded(s, output, sums, pixels, vectors, SWL_TWICE_CLAMPED);
  } else {
    store_rounded(s, output, sums, pixels, vectors, SWL_TWICE);
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
