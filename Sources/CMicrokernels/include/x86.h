// The inner loops of x86-64, slowest tier first.
#ifndef SWIFTLET_X86_H
#define SWIFTLET_X86_H

#include "microkernel-types.h"

// On other architectures each is a null pointer, so that one table describes the kernels everywhere.
#if defined(__x86_64__)
#define SWL_X86(type, name, ...) void name(__VA_ARGS__)
#else
#define SWL_X86(type, name, ...) static const type name = NULL
#endif

SWL_X86(swl_strip_kernel, swl_qs8_conv_1x32c2__sse41, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_6x8c2__sse41, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_6x4c2__sse41, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_dwconv_16c2__sse41, const swl_strip *strip);
SWL_X86(swl_winograd_kernel, swl_winograd_inputs_c8__sse41, const swl_winograd *winograd);
SWL_X86(swl_winograd_kernel, swl_qs8_conv_winograd_6x8c2__sse41, const swl_winograd *winograd);
SWL_X86(swl_stage_kernel, swl_stage_s16__sse41, const int8_t *input, void *output,
        ptrdiff_t count);
SWL_X86(swl_interleave_kernel, swl_interleave2_s16__sse41, const int8_t *const *rows,
        void *output, ptrdiff_t count);
SWL_X86(swl_sum_kernel, swl_qs8_vadd_x16__sse41, const swl_sum *sum);
SWL_X86(swl_position_sum_kernel, swl_s8_position_sum__sse41, const int8_t *input, ptrdiff_t step,
        ptrdiff_t positions, ptrdiff_t channels, int32_t *sums);
SWL_X86(swl_position_maximum_kernel, swl_s8_position_maximum__sse41, const int8_t *input,
        ptrdiff_t step, ptrdiff_t positions, ptrdiff_t channels, int8_t *maxima);

SWL_X86(swl_strip_kernel, swl_qs8_conv_1x64c2__avx2, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_6x16c2__avx2, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_8x8c2__avx2, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_dwconv_32c2__avx2, const swl_strip *strip);
SWL_X86(swl_winograd_kernel, swl_winograd_inputs_c16__avx2, const swl_winograd *winograd);
SWL_X86(swl_winograd_kernel, swl_qs8_conv_winograd_6x16c2__avx2, const swl_winograd *winograd);
SWL_X86(swl_stage_kernel, swl_stage_s16__avx2, const int8_t *input, void *output,
        ptrdiff_t count);
SWL_X86(swl_interleave_kernel, swl_interleave2_s16__avx2, const int8_t *const *rows,
        void *output, ptrdiff_t count);
SWL_X86(swl_stage_kernel, swl_stage_u8__avx2, const int8_t *input, void *output,
        ptrdiff_t count);
SWL_X86(swl_interleave_kernel, swl_interleave4_u8__avx2, const int8_t *const *rows,
        void *output, ptrdiff_t count);
SWL_X86(swl_sum_kernel, swl_qs8_vadd_x32__avx2, const swl_sum *sum);
SWL_X86(swl_position_sum_kernel, swl_s8_position_sum__avx2, const int8_t *input, ptrdiff_t step,
        ptrdiff_t positions, ptrdiff_t channels, int32_t *sums);
SWL_X86(swl_position_maximum_kernel, swl_s8_position_maximum__avx2, const int8_t *input,
        ptrdiff_t step, ptrdiff_t positions, ptrdiff_t channels, int8_t *maxima);

SWL_X86(swl_strip_kernel, swl_qs8_conv_1x64c4__avxvnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_6x16c4__avxvnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_8x8c4__avxvnni, const swl_strip *strip);
SWL_X86(swl_winograd_kernel, swl_winograd_inputs_c16__avxvnni, const swl_winograd *winograd);
SWL_X86(swl_winograd_kernel, swl_qs8_conv_winograd_6x16c2__avxvnni, const swl_winograd *winograd);
SWL_X86(swl_strip_kernel, swl_qs8_dwconv_32c4__avxvnni, const swl_strip *strip);

SWL_X86(swl_strip_kernel, swl_qs8_conv_1x128c4__avx512vnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_6x64c4__avx512vnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_8x32c4__avx512vnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_8x16c4__avx512vnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_dwconv_64c4__avx512vnni, const swl_strip *strip);
SWL_X86(swl_stage_kernel, swl_stage_s8__avx512vnni, const int8_t *input, void *output,
        ptrdiff_t count);
SWL_X86(swl_stage_kernel, swl_stage_u8__avx512vnni, const int8_t *input, void *output,
        ptrdiff_t count);
SWL_X86(swl_interleave_kernel, swl_interleave4_u8__avx512vnni, const int8_t *const *rows,
        void *output, ptrdiff_t count);
SWL_X86(swl_sum_kernel, swl_qs8_vadd_x64__avx512vnni, const swl_sum *sum);
SWL_X86(swl_position_sum_kernel, swl_s8_position_sum__avx512vnni, const int8_t *input, ptrdiff_t step,
        ptrdiff_t positions, ptrdiff_t channels, int32_t *sums);
SWL_X86(swl_position_maximum_kernel, swl_s8_position_maximum__avx512vnni, const int8_t *input,
        ptrdiff_t step, ptrdiff_t positions, ptrdiff_t channels, int8_t *maxima);
SWL_X86(swl_lookup_kernel, swl_x8_lut__avx512vnni, const int8_t *input, int8_t *output,
        const int8_t *table, ptrdiff_t count);

SWL_X86(swl_strip_kernel, swl_qs8_conv_16x64c64__amx, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_16x32c64__amx, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs8_conv_16x16c64__amx, const swl_strip *strip);

// Layers of int16.
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_1x32c2__sse41, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_6x8c2__sse41, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_6x4c2__sse41, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_dwconv_16c2__sse41, const swl_strip *strip);
SWL_X86(swl_interleave_kernel, swl_interleave2_x16__sse41, const int8_t *const *rows,
        void *output, ptrdiff_t count);
SWL_X86(swl_word_sum_kernel, swl_qs16_vadd_x8__sse41, const swl_word_sum *sum);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_1x64c2__avx2, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_6x16c2__avx2, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_8x8c2__avx2, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_dwconv_32c2__avx2, const swl_strip *strip);
SWL_X86(swl_interleave_kernel, swl_interleave2_x16__avx2, const int8_t *const *rows,
        void *output, ptrdiff_t count);
SWL_X86(swl_word_sum_kernel, swl_qs16_vadd_x16__avx2, const swl_word_sum *sum);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_1x64c2__avxvnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_6x16c2__avxvnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_8x8c2__avxvnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_dwconv_32c2__avxvnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_1x128c2__avx512vnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_6x64c2__avx512vnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_8x32c2__avx512vnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_conv_8x16c2__avx512vnni, const swl_strip *strip);
SWL_X86(swl_strip_kernel, swl_qs16_qs8_dwconv_64c2__avx512vnni, const swl_strip *strip);
SWL_X86(swl_interleave_kernel, swl_interleave2_x16__avx512vnni, const int8_t *const *rows,
        void *output, ptrdiff_t count);
SWL_X86(swl_word_sum_kernel, swl_qs16_vadd_x32__avx512vnni, const swl_word_sum *sum);

#endif
