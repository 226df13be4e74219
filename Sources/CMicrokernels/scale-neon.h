// From a tile's sums, [pixel][vector], to its outputs.
#ifndef SWIFTLET_SCALE_NEON_H
#define SWIFTLET_SCALE_NEON_H

#include "vector-neon.h"

/// Pixels of a tile times vectors of channels: at most this many accumulators.
enum { tile_vectors = 24 };

/// How a tile's sums are stored: SWL_TWICE_CLAMPED and SWL_TWICE in code of their own, where whole
/// vectors are; all else as SWL_ONCE.
SWL_INLINE int stores_of(const swl_strip *s, int vectors) {
  return s->channels < vectors * lanes ? SWL_ONCE : s->rounding;
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

#endif
