#ifndef SWIFTLET_AVX512VNNI_H
#define SWIFTLET_AVX512VNNI_H

#include "microkernel-types.h"

void swl_qs8_conv_1x128c4__avx512vnni(const swl_strip *strip);
void swl_qs8_conv_6x64c4__avx512vnni(const swl_strip *strip);
void swl_qs8_conv_8x32c4__avx512vnni(const swl_strip *strip);
void swl_qs8_conv_8x16c4__avx512vnni(const swl_strip *strip);
void swl_qs8_dwconv_64c4__avx512vnni(const swl_strip *strip);
void swl_stage_u8__avx512vnni(const int8_t *input, void *output, ptrdiff_t count);
void swl_interleave4_u8__avx512vnni(const int8_t *const *rows, void *output, ptrdiff_t count);
void swl_qs8_vadd_x64__avx512vnni(const swl_sum *sum);
void swl_s8_position_sum__avx512vnni(const int8_t *input, ptrdiff_t step, ptrdiff_t positions,
                                     ptrdiff_t channels, int32_t *sums);
void swl_s8_position_maximum__avx512vnni(const int8_t *input, ptrdiff_t step, ptrdiff_t positions,
                                         ptrdiff_t channels, int8_t *maxima);
void swl_x8_lut__avx512vnni(const int8_t *input, int8_t *output, const int8_t *table,
                            ptrdiff_t count);

#endif
