#if defined(__x86_64__)

#include "vector-sse41.h"

#include "include/x86.h"
#include "winograd-x86.h"

SWL_TARGET void swl_winograd_inputs_c8__sse41(const swl_winograd *w) { winograd_inputs(w); }
SWL_TARGET void swl_qs8_conv_winograd_6x8c2__sse41(const swl_winograd *w) { winograd_outputs(w); }

#endif
