#if defined(__x86_64__)

#include "vector-avx2.h"

// The three columns of taps, in two pairs of rows each.
enum { common_taps = 6 };

#include "depthwise-x86.h"
#include "include/x86.h"

SWL_TARGET void swl_qs16_qs8_dwconv_32c2__avx2(const swl_strip *s) { depthwise_strip(s, of_words); }

#endif
