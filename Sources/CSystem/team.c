// Threads that work on one inference together: asleep between two, spinning within one.

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "CSystem.h"

// A layer takes microseconds: whoever waits longer than this lets others have the processor.
enum { spins_before_yield = 4096 };

struct swl_team {
  int32_t size;
  swl_team_work work;
  void *context;
  pthread_mutex_t lock;
  pthread_cond_t begin;
  uint64_t round;
  int32_t ends;
  int32_t started;
  pthread_t *threads;
  _Atomic int32_t running;
  _Atomic int32_t waiting;
  _Atomic uint32_t phase;
};

struct member {
  struct swl_team *team;
  int32_t part;
};

static void pause_spinning(int32_t spins) {
  if (spins % spins_before_yield == 0) {
    sched_yield();
    return;
  }
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

static void *member_main(void *argument) {
  struct member member = *(struct member *)argument;
  free(argument);
  struct swl_team *team = member.team;
  uint64_t seen = 0;
  for (;;) {
    pthread_mutex_lock(&team->lock);
    while (team->round == seen && !team->ends) pthread_cond_wait(&team->begin, &team->lock);
    seen = team->round;
    int32_t ends = team->ends;
    pthread_mutex_unlock(&team->lock);
    if (ends) return NULL;
    team->work(team->context, member.part);
    atomic_fetch_sub_explicit(&team->running, 1, memory_order_release);
  }
}

struct swl_team *swl_team_create(int32_t size, swl_team_work work, void *context) {
  struct swl_team *team = calloc(1, sizeof *team);
  if (team == NULL) return NULL;
  team->size = size;
  team->work = work;
  team->context = context;
  team->threads = calloc((size_t)size, sizeof *team->threads);
  if (team->threads == NULL || pthread_mutex_init(&team->lock, NULL) != 0 ||
      pthread_cond_init(&team->begin, NULL) != 0) {
    free(team->threads);
    free(team);
    return NULL;
  }
  for (int32_t part = 1; part < size; part++) {
    struct member *member = malloc(sizeof *member);
    if (member != NULL) *member = (struct member){team, part};
    if (member == NULL ||
        pthread_create(&team->threads[part], NULL, member_main, member) != 0) {
      free(member);
      swl_team_destroy(team);
      return NULL;
    }
    team->started++;
  }
  return team;
}

void swl_team_run(struct swl_team *team) {
  atomic_store_explicit(&team->running, team->size - 1, memory_order_relaxed);
  pthread_mutex_lock(&team->lock);
  team->round++;
  pthread_cond_broadcast(&team->begin);
  pthread_mutex_unlock(&team->lock);
  team->work(team->context, 0);
  for (int32_t spins = 1; atomic_load_explicit(&team->running, memory_order_acquire) > 0; spins++)
    pause_spinning(spins);
}

void swl_team_barrier(struct swl_team *team) {
  uint32_t phase = atomic_load_explicit(&team->phase, memory_order_relaxed);
  if (atomic_fetch_add_explicit(&team->waiting, 1, memory_order_acq_rel) == team->size - 1) {
    atomic_store_explicit(&team->waiting, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&team->phase, 1, memory_order_release);
    return;
  }
  for (int32_t spins = 1;
       atomic_load_explicit(&team->phase, memory_order_acquire) == phase; spins++)
    pause_spinning(spins);
}

void swl_team_destroy(struct swl_team *team) {
  pthread_mutex_lock(&team->lock);
  team->ends = 1;
  pthread_cond_broadcast(&team->begin);
  pthread_mutex_unlock(&team->lock);
  for (int32_t part = 1; part <= team->started; part++) pthread_join(team->threads[part], NULL);
  pthread_cond_destroy(&team->begin);
  pthread_mutex_destroy(&team->lock);
  free(team->threads);
  free(team);
}
