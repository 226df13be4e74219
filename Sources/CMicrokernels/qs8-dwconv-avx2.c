#if defined(__x86_64__)

#include "vector-avx2.h"

#include "depthwise-x86.h"
#include "include/x86.h"

// 3 x 3: the three columns of taps, in two pairs of rows each.
SWL_TARGET void swl_qs8_dwconv_32c2__avx2(const swl_strip *s) { depthwise_strip(s, 6); }

#endif
