// The inner loop of dense NEON kernels for ARM64, its instructions in order.
#ifndef SWIFTLET_PASSES_ARM64_H
#define SWIFTLET_PASSES_ARM64_H

#include "ordered-arm64.h"

/// Eight products of the lower or the upper half.
SWL_INLINE int16x8_t multiply(int8x16_t weights, int16x8_t taps, int upper) {
  int16x8_t products;
  if (upper)
    __asm__ volatile("smull2 %0.8h, %1.16b, %2.16b" : "=w"(products) : "w"(weights), "w"(taps));
  else
    __asm__ volatile("smull %0.8h, %1.8b, %2.8b" : "=w"(products) : "w"(weights), "w"(taps));
  return products;
}

SWL_INLINE int16x8_t multiply_add(int16x8_t sums, int8x16_t weights, int16x8_t taps, int upper) {
  if (upper)
    __asm__ volatile("smlal2 %0.8h, %1.16b, %2.16b" : "+w"(sums) : "w"(weights), "w"(taps));
  else
    __asm__ volatile("smlal %0.8h, %1.8b, %2.8b" : "+w"(sums) : "w"(weights), "w"(taps));
  return sums;
}

SWL_INLINE int32x4_t add_pairs(int32x4_t sums, int16x8_t products) {
  __asm__ volatile("sadalp %0.4s, %1.8h" : "+w"(sums) : "w"(products));
  return sums;
}

/// What a pass reads, and from where: its weights in registers of two parts of eight bytes; of each
/// pixel the taps of four steps, each in all lanes.
typedef struct {
  const int8_t *at[16], *from[8];
  int8x16_t weights[16];
  int16x8_t taps[4][4];
} pass_t;

/// The n-th load of a pass: 0... a register of weights, taps + p the taps of pixel p, or none.
/// Of two vectors all pixels but the first take those of two steps, 1...3, then of the next two,
/// 5...7: registers are scarce.
enum { taps = 16, none = 24, loads = 24 };

SWL_INLINE int load_of(int vectors, int n) {
  enum { t = taps, __ = none };
  static const int8_t of8[loads] = {t, 0, 1, 2,  3,  4,  5,  6,  7,  __, __, __,
                                    8, 9, 10, 11, 12, 13, 14, 15, __, __, __, __};
  static const int8_t of4[loads] = {t, 0, 1, t + 1, 2,  3,  __, __, __, __, __, __,
                                    4, 5, 6, 7,     __, __, __, __, __, __, __, __};
  static const int8_t of2[loads] = {t,     0, t + 1, t + 2, t + 3, 1, __, __, __, __, __, __,
                                    2, t + 5, t + 6, t + 7, 3, __, __, __, __, __, __, __};
  return vectors == 8 ? of8[n] : vectors == 4 ? of4[n] : of2[n];
}

/// Whether a pass reads taps from window i: those of pixels, then those of their two last steps.
SWL_INLINE int is_read(int i, int pixels, int vectors) {
  return i < pixels || (vectors == 2 && i > 4 && i < 4 + pixels);
}

SWL_INLINE void load(pass_t *pass, int which, int vectors) {
  if (which < taps) {
    pass->weights[which] = load16(pass->at[which]);
  } else if (which < none && vectors == 2 && which > taps) {
    const int pixel = (which - taps) % 4, step = (which - taps) / 4 * 2;
    const int16x8x2_t both = vld2q_dup_s16((const int16_t *)pass->from[which - taps]);
    pass->taps[pixel][step] = both.val[0];
    pass->taps[pixel][step + 1] = both.val[1];
  } else if (which < none) {
    const int16x8x4_t all = vld4q_dup_s16((const int16_t *)pass->from[which - taps]);
#pragma clang loop unroll(full)
    for (int step = 0; step < 4; step++) pass->taps[which - taps][step] = all.val[step];
  }
}

/// Adds `passes` of four steps, two at a time: their products are added in 16 bits, and the pairs of
/// these in 32 when the next ones are being loaded. Returns the weights that follow.
SWL_INLINE const int8_t *add_passes(int32x4_t *sums, const int8_t *const *windows,
                                    const int8_t *weights, ptrdiff_t offset, int passes, int pixels,
                                    int vectors) {
  if (passes == 0) return weights;
  const int count = pixels * vectors, registers = 2 * vectors;
  pass_t pass;
  int16x8_t products[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i++) products[i] = vdupq_n_s16(0);
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++)
    if (is_read(i, pixels, vectors)) pass.from[i] = windows[i % 4] + offset + i / 4 * 4;
#pragma clang loop unroll(full)
  for (int i = 0; i < registers; i++) pass.at[i] = weights + 16 * i;
#pragma clang loop unroll(disable)
  do {
    // Of a small tile all at once.
#pragma clang loop unroll(full)
    for (int i = 0; count < 8 && i < registers; i++) load(&pass, i, vectors);
#pragma clang loop unroll(full)
    for (int i = 0; count < 8 && i < 8; i++)
      if (is_read(i, pixels, vectors)) load(&pass, taps + i, vectors);
#pragma clang loop unroll(full)
    for (int op = 0; op < 6 * count; op++) {
      const int half = op / (3 * count), stage = op / count % 3, i = op % count;
      const int part = (2 * half + (stage == 2)) * vectors + i % vectors;
      const int8x16_t weight = pass.weights[part / 2];
      const int16x8_t *tap = &pass.taps[i / vectors][2 * half];
      if (stage == 0) sums[i] = add_pairs(sums[i], products[i]);
      if (stage == 1) products[i] = multiply(weight, tap[0], part % 2);
      if (stage == 2) products[i] = multiply_add(products[i], weight, tap[1], part % 2);
      if (count == 8 && op % 2 == 0) load(&pass, load_of(vectors, op / 2), vectors);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < registers; i++) pass.at[i] = beyond(pass.at[i], 16 * registers);
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++)
      if (is_read(i, pixels, vectors)) pass.from[i] = beyond(pass.from[i], 8);
    passes = one_less(passes);
  } while (passes != 0);
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i++) sums[i] = add_pairs(sums[i], products[i]);
  return pass.at[0];
}

#endif
