#if defined(__x86_64__)

#include "vector-avx512.h"

#include "include/x86.h"
#include "strip-x86.h"

// 24 accumulators, 4 weights and a tap of the 32 registers.
SWL_TARGET void swl_qs16_qs8_conv_1x128c2__avx512vnni(const swl_strip *s) { strip(s, 1, 8, of_words); }
SWL_TARGET void swl_qs16_qs8_conv_6x64c2__avx512vnni(const swl_strip *s) { strip(s, 6, 4, of_words); }
SWL_TARGET void swl_qs16_qs8_conv_8x32c2__avx512vnni(const swl_strip *s) { strip(s, 8, 2, of_words); }
SWL_TARGET void swl_qs16_qs8_conv_8x16c2__avx512vnni(const swl_strip *s) { strip(s, 8, 1, of_words); }

#endif
