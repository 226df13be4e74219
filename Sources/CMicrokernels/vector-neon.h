// What the NEON kernels share: vectors of 4 accumulators, their requantisation, partial stores.
#ifndef SWIFTLET_VECTOR_NEON_H
#define SWIFTLET_VECTOR_NEON_H

#include <arm_neon.h>

#include "include/arm.h"

#define SWL_INLINE __attribute__((always_inline)) static inline

/// Accumulators in a vector, rows of constants (ScaleLayout.neon): bias, multiplier, shift.
enum { lanes = 4, scale_rows = 3 };

SWL_INLINE const int32_t *constants_of(const swl_strip *s, int vector) {
  return (const int32_t *)s->constants + vector * scale_rows * lanes;
}

SWL_INLINE int32x4_t bias_of(const swl_strip *s, int vector) {
  return vld1q_s32(constants_of(s, vector));
}

/// One vector's multipliers, and its shifts to the right as negative shifts to the left.
typedef struct {
  int32x4_t multiplier, shift;
} scale_t;

SWL_INLINE scale_t scale_of(const swl_strip *s, int vector) {
  const int32_t *constants = constants_of(s, vector);
  return (scale_t){vld1q_s32(constants + lanes), vnegq_s32(vld1q_s32(constants + 2 * lanes))};
}

/// Two roundings. The shift's own makes halves greater: one less makes them greater in magnitude
/// where the product is negative and is shifted at all; if clamped, such values do not matter.
SWL_INLINE int32x4_t scale_twice(int32x4_t sum, scale_t by, int rounding) {
  int32x4_t product = vqrdmulhq_s32(sum, by.multiplier);
  if (rounding == SWL_TWICE)
    product = vsraq_n_s32(product, vandq_s32(product, by.shift), 31);
  return vrshlq_s32(product, by.shift);
}

/// One rounding, of the 64-bit product.
SWL_INLINE int32x4_t scale_once(int32x4_t sum, scale_t by) {
  const int32x4_t shift = vsubq_s32(by.shift, vdupq_n_s32(31));
  int64x2_t low = vmull_s32(vget_low_s32(sum), vget_low_s32(by.multiplier));
  int64x2_t high = vmull_s32(vget_high_s32(sum), vget_high_s32(by.multiplier));
  low = vrshlq_s64(low, vmovl_s32(vget_low_s32(shift)));
  high = vrshlq_s64(high, vmovl_s32(vget_high_s32(shift)));
  return vcombine_s32(vmovn_s64(low), vmovn_s64(high));
}

typedef struct {
  int16x8_t zero_point;
  int8x16_t minimum, maximum;
} clamp_t;

SWL_INLINE clamp_t clamp_of(const swl_strip *s) {
  return (clamp_t){vdupq_n_s16((int16_t)s->zero_point), vdupq_n_s8((int8_t)s->minimum),
                   vdupq_n_s8((int8_t)s->maximum)};
}

/// Two vectors of scaled values to bytes, not yet clamped. At SWL_TWICE_CLAMPED they are words as they
/// are, and a zero point of -128 is what turning the sign of an unsigned byte subtracts.
SWL_INLINE int8x8_t pack_half(int32x4_t low, int32x4_t high, clamp_t clamp, int rounding) {
  if (rounding == SWL_TWICE_CLAMPED) {
    const int16x8_t words = vcombine_s16(vmovn_s32(low), vmovn_s32(high));
    return vreinterpret_s8_u8(veor_u8(vqmovun_s16(words), vdup_n_u8(128)));
  }
  const int16x8_t words = vcombine_s16(vqmovn_s32(low), vqmovn_s32(high));
  return vqmovn_s16(vqaddq_s16(words, clamp.zero_point));
}

/// Four vectors of scaled values to bytes. At SWL_TWICE_CLAMPED saturation is the clamp.
SWL_INLINE int8x16_t pack(const int32x4_t values[4], clamp_t clamp, int rounding) {
  const int8x16_t bytes = vcombine_s8(pack_half(values[0], values[1], clamp, rounding),
                                      pack_half(values[2], values[3], clamp, rounding));
  if (rounding == SWL_TWICE_CLAMPED) return bytes;
  return vminq_s8(vmaxq_s8(bytes, clamp.minimum), clamp.maximum);
}

/// Four bytes, wherever they lie.
SWL_INLINE void store4(int8_t *target, int8x16_t bytes) {
  typedef int32_t __attribute__((aligned(1))) unaligned;
  *(unaligned *)target = vgetq_lane_s32(vreinterpretq_s32_s8(bytes), 0);
}

/// The first `count` bytes, at most all.
SWL_INLINE void store_first(int8_t *target, int8x16_t bytes, int count) {
  if (count >= 16) {
    vst1q_s8(target, bytes);
    return;
  }
  if (count & 8) {
    vst1_s8(target, vget_low_s8(bytes));
    bytes = vextq_s8(bytes, bytes, 8);
    target += 8;
  }
  if (count & 4) {
    store4(target, bytes);
    bytes = vextq_s8(bytes, bytes, 4);
    target += 4;
  }
  if (count & 2) {
    vst1q_lane_s8(target, bytes, 0);
    vst1q_lane_s8(target + 1, bytes, 1);
    bytes = vextq_s8(bytes, bytes, 2);
    target += 2;
  }
  if (count & 1) vst1q_lane_s8(target, bytes, 0);
}

#endif
