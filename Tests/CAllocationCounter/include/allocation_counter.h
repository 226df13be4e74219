#pragma once
#include <stdint.h>

/// Allocations this thread has asked for since it began: malloc, calloc, realloc, posix_memalign,
/// aligned_alloc.
uint64_t swiftlet_test_allocation_count(void);
