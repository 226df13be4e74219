#if defined(__x86_64__)

#define SWL_AVXVNNI
#include "vector-avx2.h"

#include "include/x86.h"
#include "strip-x86.h"

// 12 accumulators, 2 weights and a tap of the 16 registers.
SWL_TARGET void swl_qs16_qs8_conv_1x64c2__avxvnni(const swl_strip *s) { strip(s, 1, 8, of_words); }
SWL_TARGET void swl_qs16_qs8_conv_6x16c2__avxvnni(const swl_strip *s) { strip(s, 6, 2, of_words); }
SWL_TARGET void swl_qs16_qs8_conv_8x8c2__avxvnni(const swl_strip *s) { strip(s, 8, 1, of_words); }

#endif
