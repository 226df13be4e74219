// Counts heap allocations of a thread by standing before the C library's functions. Only linked
// into a test: glibc looks symbols up in the executable first.
#define _GNU_SOURCE
#include "allocation_counter.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

// In the executable's own thread-local block: reading it never allocates.
static __thread uint64_t count __attribute__((tls_model("initial-exec")));

uint64_t swiftlet_test_allocation_count(void) { return count; }

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static void (*next_free)(void *);
static int (*next_memalign)(void **, size_t, size_t);
static void *(*next_aligned)(size_t, size_t);

// dlsym may itself allocate before the functions are known: such blocks come from here and are
// never given back.
static _Alignas(64) char early[65536];
static size_t early_used;
static __thread int resolving __attribute__((tls_model("initial-exec")));

static void *early_block(size_t size) {
  size_t start = __atomic_fetch_add(&early_used, (size + 63) / 64 * 64, __ATOMIC_RELAXED);
  return start + size <= sizeof early ? early + start : NULL;
}

static int is_early(const void *block) {
  return (const char *)block >= early && (const char *)block < early + sizeof early;
}

static void resolve(void) {
  resolving = 1;
  next_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
  next_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
  next_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
  next_memalign = (int (*)(void **, size_t, size_t))dlsym(RTLD_NEXT, "posix_memalign");
  next_aligned = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "aligned_alloc");
  next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
  resolving = 0;
}

void *malloc(size_t size) {
  count++;
  if (resolving) return early_block(size);
  if (!next_malloc) resolve();
  return next_malloc(size);
}

void *calloc(size_t items, size_t size) {
  count++;
  if (resolving) return early_block(items * size);
  if (!next_malloc) resolve();
  return next_calloc(items, size);
}

void *realloc(void *block, size_t size) {
  count++;
  if (!next_malloc) resolve();
  if (is_early(block)) {
    void *moved = next_malloc(size);
    size_t rest = (size_t)(early + sizeof early - (char *)block);
    if (moved) memcpy(moved, block, size < rest ? size : rest);
    return moved;
  }
  return next_realloc(block, size);
}

void free(void *block) {
  if (!block || is_early(block)) return;
  if (!next_malloc) resolve();
  next_free(block);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  count++;
  if (!next_malloc) resolve();
  return next_memalign(block, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count++;
  if (!next_malloc) resolve();
  return next_aligned(alignment, size);
}
