#include "include/cpu-features.h"

#if defined(__x86_64__)

typedef struct {
  uint32_t a, b, c, d;
} registers;

static registers cpuid(uint32_t leaf, uint32_t subleaf) {
  registers r;
  __asm__ volatile("cpuid"
                   : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                   : "a"(leaf), "c"(subleaf));
  return r;
}

/// Which register files the system saves (XCR0).
static uint32_t saved_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

/// Linux hands out the tile registers on request (Documentation/arch/x86/xstate.rst): 8 KiB more in
/// every signal frame.
static int request_tiles(void) {
  enum { arch_prctl = 158, request_permission = 0x1023, tile_data = 18 };
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"((long)arch_prctl), "D"((long)request_permission), "S"((long)tile_data)
                   : "rcx", "r11", "memory");
  return result == 0;
}

static int has(uint32_t bits, uint32_t wanted) { return (bits & wanted) == wanted; }

uint32_t swl_cpu_features(void) {
  enum { ymm = 0x6, zmm = 0xe6, tiles = 0x60000 };
  uint32_t features = 0;
  uint32_t leaves = cpuid(0, 0).a;
  registers base = cpuid(1, 0);
  if (has(base.c, 1u << 19)) features |= SWL_CPU_SSE41;
  if (leaves < 7 || !has(base.c, 1u << 27)) return features;
  uint32_t state = saved_state();
  registers extended = cpuid(7, 0);
  if (!has(state, ymm) || !has(extended.b, 1u << 5)) return features;
  features |= SWL_CPU_AVX2;
  registers later = extended.a >= 1 ? cpuid(7, 1) : (registers){0};
  if (has(later.a, 1u << 4)) features |= SWL_CPU_AVXVNNI;
  uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
  uint32_t vbmi_vnni = 1u << 1 | 1u << 11;
  if (!has(state, zmm) || !has(extended.b, avx512) || !has(extended.c, vbmi_vnni)) return features;
  features |= SWL_CPU_AVX512VNNI;
  if (has(state, tiles) && has(extended.d, 1u << 24 | 1u << 25) && request_tiles())
    features |= SWL_CPU_AMX_INT8;
  return features;
}

#elif defined(__aarch64__)

extern unsigned long getauxval(unsigned long type);

uint32_t swl_cpu_features(void) {
  enum { hwcap = 16, hwcap2 = 26 };
  uint32_t features = SWL_CPU_NEON;
  if (getauxval(hwcap) & 1ul << 20) features |= SWL_CPU_DOTPROD;
  if (getauxval(hwcap2) & 1ul << 13) features |= SWL_CPU_I8MM;
  return features;
}

#elif defined(__arm__)

extern unsigned long getauxval(unsigned long type);

uint32_t swl_cpu_features(void) {
  enum { hwcap = 16 };
  return getauxval(hwcap) & 1ul << 12 ? SWL_CPU_NEON : 0;
}

#else

uint32_t swl_cpu_features(void) { return 0; }

#endif
