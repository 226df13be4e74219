// What Embedded Swift's standard library expects of the platform and musl does not have.
// Linked into every device executable by the SDK's toolset as libswiftletrt.a.

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>

void arc4random_buf(void *bytes, size_t count);
const char *_swift_stdlib_strtod_clocale(const char *text, double *value);
const char *_swift_stdlib_strtof_clocale(const char *text, float *value);

// Seeds the hashing of Dictionary and Set, and feeds SystemRandomNumberGenerator. The interface
// cannot report a failure and weak randomness must not pass for strong, so a failure ends the
// program. getrandom waits until the kernel's pool is seeded.
void arc4random_buf(void *bytes, size_t count) {
  unsigned char *next = bytes;
  while (count > 0) {
    ssize_t got = getrandom(next, count, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      abort();
    }
    next += got;
    count -= (size_t)got;
  }
}

// Double(String) and Float(String): returns the first byte not consumed, or null when nothing was.
// A static musl program is always in the C locale, as the name asks.
const char *_swift_stdlib_strtod_clocale(const char *text, double *value) {
  char *end;
  *value = strtod(text, &end);
  return end == text ? NULL : end;
}

const char *_swift_stdlib_strtof_clocale(const char *text, float *value) {
  char *end;
  *value = strtof(text, &end);
  return end == text ? NULL : end;
}
