// Calls a function until a time has passed and records how long each call took: no interpreter runs
// inside or between the timed calls. Six words are more than any of the functions takes.
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef intptr_t (*Function)(intptr_t, intptr_t, intptr_t, intptr_t, intptr_t, intptr_t);

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

size_t timed_calls(Function function, const intptr_t *words, uint64_t nanoseconds, uint64_t *times,
                   size_t capacity) {
  uint64_t end = now() + nanoseconds;
  size_t count = 0;
  while (count < capacity) {
    uint64_t start = now();
    function(words[0], words[1], words[2], words[3], words[4], words[5]);
    uint64_t stop = now();
    times[count++] = stop - start;
    if (stop >= end) break;
  }
  return count;
}

// The time of the first call after a pause. It is slept here: an interpreter that ran between waking
// and calling would have woken the processor too.
uint64_t timed_call_after(Function function, const intptr_t *words, uint64_t pause) {
  struct timespec left = {(time_t)(pause / 1000000000u), (long)(pause % 1000000000u)};
  while (nanosleep(&left, &left) != 0) continue;
  uint64_t start = now();
  function(words[0], words[1], words[2], words[3], words[4], words[5]);
  return now() - start;
}
