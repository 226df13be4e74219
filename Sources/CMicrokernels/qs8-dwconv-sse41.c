#if defined(__x86_64__)

#include "vector-sse41.h"

#include "depthwise-x86.h"
#include "include/x86.h"

// 3 x 3: the three columns of taps, in two pairs of rows each.
SWL_TARGET void swl_qs8_dwconv_16c2__sse41(const swl_strip *s) { depthwise_strip(s, 6); }

#endif
