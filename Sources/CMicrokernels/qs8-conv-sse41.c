#if defined(__x86_64__)

#include "vector-sse41.h"

#include "include/x86.h"
#include "strip-x86.h"

// 12 accumulators, 2 weights, a tap and a product of the 16 registers.
SWL_TARGET void swl_qs8_conv_1x32c2__sse41(const swl_strip *s) { strip(s, 1, 8, of_bytes); }
SWL_TARGET void swl_qs8_conv_6x8c2__sse41(const swl_strip *s) { strip(s, 6, 2, of_bytes); }
SWL_TARGET void swl_qs8_conv_6x4c2__sse41(const swl_strip *s) { strip(s, 6, 1, of_bytes); }

#endif
