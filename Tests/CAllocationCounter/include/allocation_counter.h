#pragma once
#include <stdint.h>

/// Allocations this thread has asked for since it began: malloc, calloc, realloc, posix_memalign,
/// aligned_alloc.
uint64_t swiftlet_test_allocation_count(void);

/// Runs work in a child process that the kernel kills at its first system call, and tells whether it
/// came to its end.
int32_t swiftlet_test_runs_without_system_calls(void (*work)(void *), void *context);

/// A system call, to see that the guard above kills.
void swiftlet_test_ask_the_system(void);
