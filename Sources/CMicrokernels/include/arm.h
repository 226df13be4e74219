// The inner loops of ARM, slowest tier first.
#ifndef SWIFTLET_ARM_H
#define SWIFTLET_ARM_H

#include "microkernel-types.h"

// On other architectures each is a null pointer, so that one table describes the kernels everywhere.
#if defined(__ARM_NEON)
#define SWL_NEON(type, name, ...) void name(__VA_ARGS__)
#else
#define SWL_NEON(type, name, ...) static const type name = NULL
#endif
#if defined(__aarch64__)
#define SWL_ARM64(type, name, ...) void name(__VA_ARGS__)
#else
#define SWL_ARM64(type, name, ...) static const type name = NULL
#endif

SWL_NEON(swl_strip_kernel, swl_qs8_conv_1x32c2__neon, const swl_strip *strip);
SWL_NEON(swl_strip_kernel, swl_qs8_conv_2x16c2__neon, const swl_strip *strip);
SWL_NEON(swl_strip_kernel, swl_qs8_conv_4x8c2__neon, const swl_strip *strip);
SWL_NEON(swl_strip_kernel, swl_qs8_conv_4x4c2__neon, const swl_strip *strip);
SWL_NEON(swl_winograd_kernel, swl_winograd_inputs_c8__neon, const swl_winograd *winograd);
SWL_NEON(swl_winograd_kernel, swl_qs8_conv_winograd_4x16__neon, const swl_winograd *winograd);
SWL_NEON(swl_strip_kernel, swl_qs8_dwconv_8c2__neon, const swl_strip *strip);
SWL_NEON(swl_stage_kernel, swl_stage_s8__neon, const int8_t *input, void *output,
         ptrdiff_t count);
SWL_NEON(swl_interleave_kernel, swl_interleave2_s8__neon, const int8_t *const *rows,
         void *output, ptrdiff_t count);
SWL_NEON(swl_sum_kernel, swl_qs8_vadd_x32__neon, const swl_sum *sum);
SWL_NEON(swl_position_sum_kernel, swl_s8_position_sum__neon, const int8_t *input, ptrdiff_t step,
         ptrdiff_t positions, ptrdiff_t channels, int32_t *sums);
SWL_NEON(swl_position_maximum_kernel, swl_s8_position_maximum__neon, const int8_t *input,
         ptrdiff_t step, ptrdiff_t positions, ptrdiff_t channels, int8_t *maxima);
SWL_NEON(swl_lookup_kernel, swl_x8_lut__neon, const int8_t *input, int8_t *output,
         const int8_t *table, ptrdiff_t count);

SWL_ARM64(swl_strip_kernel, swl_qs8_conv_1x32c4__dotprod, const swl_strip *strip);
SWL_ARM64(swl_strip_kernel, swl_qs8_conv_6x16c4__dotprod, const swl_strip *strip);
SWL_ARM64(swl_strip_kernel, swl_qs8_conv_8x8c4__dotprod, const swl_strip *strip);
SWL_ARM64(swl_strip_kernel, swl_qs8_conv_8x4c4__dotprod, const swl_strip *strip);
SWL_ARM64(swl_strip_kernel, swl_qs8_dwconv_16c4__dotprod, const swl_strip *strip);
SWL_ARM64(swl_interleave_kernel, swl_interleave4_s8__dotprod, const int8_t *const *rows,
          void *output, ptrdiff_t count);

SWL_ARM64(swl_strip_kernel, swl_qs8_conv_4x16c8__i8mm, const swl_strip *strip);
SWL_ARM64(swl_strip_kernel, swl_qs8_conv_8x8c8__i8mm, const swl_strip *strip);
SWL_ARM64(swl_strip_kernel, swl_qs8_conv_8x4c8__i8mm, const swl_strip *strip);

// Layers of int16.
SWL_NEON(swl_strip_kernel, swl_qs16_qs8_conv_1x32c1__neon, const swl_strip *strip);
SWL_NEON(swl_strip_kernel, swl_qs16_qs8_conv_2x16c1__neon, const swl_strip *strip);
SWL_NEON(swl_strip_kernel, swl_qs16_qs8_conv_4x8c1__neon, const swl_strip *strip);
SWL_NEON(swl_strip_kernel, swl_qs16_qs8_conv_4x4c1__neon, const swl_strip *strip);
SWL_NEON(swl_strip_kernel, swl_qs16_qs8_dwconv_4c1__neon, const swl_strip *strip);
SWL_NEON(swl_interleave_kernel, swl_interleave1_x16__neon, const int8_t *const *rows,
         void *output, ptrdiff_t count);
SWL_NEON(swl_word_sum_kernel, swl_qs16_vadd_x8__neon, const swl_word_sum *sum);

#endif
