// Instructions whose order is the source's, for cores that run in order (Cortex-A53, A55): these issue
// a load together with a multiplication, but wait wherever an instruction is quicker than the one
// before. So loads stand between multiplications, ahead of their need, and all that is added to
// addresses in one place.
#ifndef SWIFTLET_ORDERED_ARM64_H
#define SWIFTLET_ORDERED_ARM64_H

#include "vector-neon.h"

// Volatile assembly stays in order; the compiler assigns registers.

/// LD1 has no offset, but takes as long as a multiplication does.
SWL_INLINE int8x16_t load16(const int8_t *from) {
  int8x16_t bytes;
  __asm__ volatile("ld1 {%0.16b}, %1" : "=w"(bytes) : "Q"(*(const int8x16_t *)from));
  return bytes;
}

/// The address so many bytes beyond another one.
SWL_INLINE const int8_t *beyond(const int8_t *pointer, int bytes) {
  const int8_t *sum;
  __asm__ volatile("add %0, %1, %2" : "=r"(sum) : "r"(pointer), "I"(bytes));
  return sum;
}

SWL_INLINE int one_less(int count) {
  __asm__ volatile("sub %w0, %w0, #1" : "+r"(count));
  return count;
}

#endif
