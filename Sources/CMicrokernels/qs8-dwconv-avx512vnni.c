#if defined(__x86_64__)

#include "vector-avx512.h"

// The three columns of taps, four rows each.
enum { common_taps = 3 };

#include "depthwise-x86.h"
#include "include/x86.h"

SWL_TARGET void swl_qs8_dwconv_64c4__avx512vnni(const swl_strip *s) { depthwise_strip(s, of_bytes); }

#endif
