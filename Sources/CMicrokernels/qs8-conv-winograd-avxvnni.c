#if defined(__x86_64__)

#define SWL_AVXVNNI
#include "vector-avx2.h"

#include "include/x86.h"
#include "winograd-x86.h"

SWL_TARGET void swl_winograd_inputs_c16__avxvnni(const swl_winograd *w) { winograd_inputs(w); }
SWL_TARGET void swl_qs8_conv_winograd_6x16c2__avxvnni(const swl_winograd *w) { winograd_outputs(w); }

#endif
