#ifndef SWIFTLET_CPU_FEATURES_H
#define SWIFTLET_CPU_FEATURES_H

#include <stdint.h>

/// What the kernels need of a CPU, one bit each; a bit is set only if the kernel of the system keeps
/// the registers it uses.
enum {
  SWL_CPU_SSE41 = 1 << 0,
  SWL_CPU_AVX2 = 1 << 1,
  SWL_CPU_AVXVNNI = 1 << 2,
  /// AVX-512 F, BW, DQ, VL, VBMI and VNNI: Ice Lake, Zen 4 and later.
  SWL_CPU_AVX512VNNI = 1 << 3,
  /// Tiles and their int8 products, with permission to use them granted to this process.
  SWL_CPU_AMX_INT8 = 1 << 4,
  SWL_CPU_NEON = 1 << 5,
  SWL_CPU_DOTPROD = 1 << 6,
  SWL_CPU_I8MM = 1 << 7,
};

/// The features of this CPU. Asks each time: keep the answer.
uint32_t swl_cpu_features(void);

#endif
