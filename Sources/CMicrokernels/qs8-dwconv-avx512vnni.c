#if defined(__x86_64__)

#include "vector-avx512.h"

#include "depthwise-x86.h"
#include "include/x86.h"

// 3 x 3: the three columns of taps, four rows each.
SWL_TARGET void swl_qs8_dwconv_64c4__avx512vnni(const swl_strip *s) { depthwise_strip(s, 3); }

#endif
