#ifndef SWIFTLET_MICROKERNEL_TYPES_H
#define SWIFTLET_MICROKERNEL_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How an accumulator becomes an output. Multipliers m are in [0, 2^31), shifts e >= 0.
enum {
  /// Two roundings, output zero point -128: whatever scales to less than zero is clamped, so both
  /// roundings collapse to ((acc*m + 2^30 + 2^(30+e)) >> 32) >> (e-1), e >= 1. NEON is told so only
  /// where the clamp is [-128, 127] and that value fits 16 bits.
  SWL_TWICE_CLAMPED = 0,
  /// Two roundings: h = (acc*m + 2^30) >> 31, then h / 2^e with halves away from zero, e >= 0.
  SWL_TWICE = 1,
  /// One rounding: ((acc*m + 2^(30+e)) >> 32) >> (e-1), e >= 1.
  SWL_ONCE = 2,
};

/// A rectangle of output pixels times one group of channels of a convolution (dense, pointwise, 1-D,
/// fully connected: a pixel is an item), or times all channels of a depthwise convolution, whose
/// kernel walks the vectors of channels itself.
///
/// Dense: acc[pixel][channel] = sum over segments s, steps k, depth d of
///   input[pixel*pixel_step + segments[s] + k*depth + d] * weights[...].
/// Depthwise: a segment is one tap; acc[pixel][channel] = sum over segments s, depth d of
///   input[pixel*pixel_step + segments[s] + channel*depth + d] * weights[...].
/// Offsets are bytes; `depth` counts elements and belongs to the kernel. The input is readable for 64
/// bytes past the last element; what is read beyond a window meets weights of zero.
typedef struct {
  /// The first element of the first pixel's window.
  const void *input;
  /// From one pixel's window to the next one's, and from one row's to the next one's.
  ptrdiff_t pixel_step, row_step;
  /// Where each contiguous part of a window begins, from the window's first element.
  const int32_t *segments;
  int32_t segment_count;
  /// Dense only: steps of `depth` elements in every segment, padded with weights of zero.
  int32_t steps;
  /// Dense: [segment][step][vector][lane][depth]. Depthwise: [vector][segment][lane][depth].
  const void *weights;
  /// The requantisation's constants, vector after vector, in the layout of the instruction set.
  const void *constants;
  /// int8, or int16 for a layer of those.
  int8_t *output;
  /// Bytes from one pixel's outputs to the next one's, and from one row's to the next one's.
  ptrdiff_t output_step, output_row_step;
  int32_t rows, pixels;
  /// Channels to store, at least one (dense: no more than the group has); nothing is written beyond.
  int32_t channels;
  /// SWL_TWICE_CLAMPED, SWL_TWICE or SWL_ONCE.
  int32_t rounding;
  /// Added after scaling; then clamped to [minimum, maximum], all of the outputs' type.
  int32_t zero_point, minimum, maximum;
} swl_strip;

/// A rectangle of outputs of a 3 x 3 convolution of stride 1 times one group of channels, by Winograd's
/// F(4 x 4, 3 x 3): tiles of 4 x 4 outputs, the last of a row or column cut short.
typedef struct {
  /// Input: the staged windows of 6 x 6 of all tiles, at `pixel_step` from each other in a row of tiles;
  /// `row_step` is from one input row to the next one. Steps: of `depth` input channels. Weights:
  /// transformed, int16, [position][step][vector][lane][depth]. Rows and pixels: of the output.
  swl_strip strip;
  /// Transformed windows, [tile][position][input channel].
  void *factors;
  /// For the sums of products of a block of tiles, [position][tile][vector].
  void *products;
} swl_winograd;

/// A sum of two scaled tensors, exact for the coefficients the caller has verified, in one of two forms.
///
/// Halves: output = clamp(((x*left_high + y*right_high + high) + ((x*left_low + y*right_low + low)
/// >> 15)) >> shift).
/// Digits, from the lowest on, with l[i] = x*left_digits[i] + y*right_digits[i], all in 16 bits:
///   s0 = l[0] + lowest_constant, s1 = l[1] + low_constant + (four digits: s0 >> 8),
///   s2 = l[2] + (s1 >> 7), s3 = l[3] + high_constant + (s2 >> 8),
///   output = clamp(s3 >> (four digits: 3, else 6)).
/// With three digits the range is that of a byte.
typedef struct {
  const int8_t *left, *right;
  int8_t *output;
  ptrdiff_t count;
  int16_t left_high, right_high, left_low, right_low;
  int32_t high, low;
  int32_t shift;
  int8_t left_digits[4], right_digits[4];
  int16_t lowest_constant, low_constant, high_constant;
  int32_t digits;
  int32_t minimum, maximum;
} swl_sum;

/// value * multiplier * 2^-(31 + shift): (value * multiplier + 2^30) >> 31, then that / 2^shift with
/// halves away from zero. What the second rounding adds does not leave 32 bits.
typedef struct {
  int32_t multiplier, shift;
} swl_scale;

/// output = clamp(out((left(x << headroom)) + right(y << headroom))), headroom <= 15.
typedef struct {
  const int16_t *left, *right;
  int16_t *output;
  ptrdiff_t count;
  int32_t headroom;
  swl_scale left_scale, right_scale, output_scale;
  int32_t minimum, maximum;
} swl_word_sum;

typedef void (*swl_strip_kernel)(const swl_strip *strip);
typedef void (*swl_winograd_kernel)(const swl_winograd *winograd);
typedef void (*swl_sum_kernel)(const swl_sum *sum);
typedef void (*swl_word_sum_kernel)(const swl_word_sum *sum);

/// Copies `count` elements into the element type of a kernel's staged input.
typedef void (*swl_stage_kernel)(const int8_t *input, void *output, ptrdiff_t count);

/// As many rows as the kernel's depth, element by element: output[i * depth + r] = rows[r][i].
typedef void (*swl_interleave_kernel)(const int8_t *const *rows, void *output, ptrdiff_t count);

/// sums[c] += input[p * step + c] over `positions`.
typedef void (*swl_position_sum_kernel)(const int8_t *input, ptrdiff_t step, ptrdiff_t positions,
                                        ptrdiff_t channels, int32_t *sums);

/// maxima[c] = max(maxima[c], input[p * step + c]) over `positions`.
typedef void (*swl_position_maximum_kernel)(const int8_t *input, ptrdiff_t step,
                                            ptrdiff_t positions, ptrdiff_t channels,
                                            int8_t *maxima);

/// output[i] = table[input[i] + 128].
typedef void (*swl_lookup_kernel)(const int8_t *input, int8_t *output, const int8_t *table,
                                  ptrdiff_t count);

#ifdef __cplusplus
}
#endif

#endif
