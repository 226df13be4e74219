#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include "CSystem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

_Static_assert(SWL_NOT_FOUND == ENOENT && SWL_EXISTS == EEXIST && SWL_INVALID == EINVAL, "errno");
_Static_assert(SWL_BROKEN_PIPE == EPIPE && SWL_NO_CHILD == ECHILD, "errno");
_Static_assert(SWL_NO_SPACE == ENOSPC && SWL_READ_ONLY == EROFS && SWL_WOULD_BLOCK == EAGAIN, "errno");
_Static_assert(SWL_ACCESS_DENIED == EACCES && SWL_INPUT_OUTPUT == EIO, "errno");
_Static_assert(SWL_IS_A_DIRECTORY == EISDIR && SWL_NOT_A_DIRECTORY == ENOTDIR, "errno");

static int32_t outcome(int result) { return result < 0 ? -errno : result; }

int32_t swl_open(const char *path, int32_t how, uint32_t mode) {
  static const int flags[] = {
      [SWL_OPEN_READ] = O_RDONLY,
      [SWL_OPEN_CREATE_EXCLUSIVE] = O_RDWR | O_CREAT | O_EXCL,
      [SWL_OPEN_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
      [SWL_OPEN_READ_WRITE] = O_RDWR | O_CREAT,
      [SWL_OPEN_DIRECTORY] = O_RDONLY | O_DIRECTORY,
  };
  if (how < 0 || (size_t)how >= sizeof flags / sizeof flags[0]) return -EINVAL;
  int descriptor;
  do descriptor = open(path, flags[how] | O_CLOEXEC, (mode_t)mode);
  while (descriptor < 0 && errno == EINTR);
  return outcome(descriptor);
}

// Linux closes the descriptor even when it reports EINTR: never retry.
int32_t swl_close(int32_t descriptor) {
  int result = close(descriptor);
  return result < 0 && errno == EINTR ? 0 : outcome(result);
}

int64_t swl_read(int32_t descriptor, void *buffer, size_t count) {
  ssize_t result;
  do result = read(descriptor, buffer, count);
  while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

int64_t swl_read_at(int32_t descriptor, void *buffer, size_t count, uint64_t offset) {
  if (offset > INT64_MAX) return -EINVAL;
  ssize_t result;
  do result = pread(descriptor, buffer, count, (off_t)offset);
  while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

int32_t swl_write_all(int32_t descriptor, const void *bytes, size_t count) {
  const char *next = bytes;
  while (count > 0) {
    ssize_t written = write(descriptor, next, count);
    if (written < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    next += written;
    count -= (size_t)written;
  }
  return 0;
}

int32_t swl_write_all_at(int32_t descriptor, const void *bytes, size_t count, uint64_t offset) {
  const char *next = bytes;
  if (offset > INT64_MAX) return -EINVAL;
  while (count > 0) {
    ssize_t written = pwrite(descriptor, next, count, (off_t)offset);
    if (written < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    next += written;
    offset += (uint64_t)written;
    count -= (size_t)written;
  }
  return 0;
}

int32_t swl_sync(int32_t descriptor) {
  int result;
  do result = fsync(descriptor);
  while (result < 0 && errno == EINTR);
  return outcome(result);
}

int32_t swl_truncate(int32_t descriptor, uint64_t size) {
  if (size > INT64_MAX) return -EINVAL;
  int result;
  do result = ftruncate(descriptor, (off_t)size);
  while (result < 0 && errno == EINTR);
  return outcome(result);
}

static int32_t fill(int result, const struct stat *from, struct swl_status *status) {
  if (result < 0) return -errno;
  status->size = (uint64_t)from->st_size;
  status->modified_seconds = (int64_t)from->st_mtime;
  status->mode = (uint32_t)(from->st_mode & 07777);
  status->is_directory = S_ISDIR(from->st_mode);
  status->is_regular = S_ISREG(from->st_mode);
  return 0;
}

int32_t swl_status_of(const char *path, struct swl_status *status) {
  struct stat found;
  return fill(stat(path, &found), &found, status);
}

int32_t swl_status_of_link(const char *path, struct swl_status *status) {
  struct stat found;
  return fill(lstat(path, &found), &found, status);
}

int32_t swl_status_of_descriptor(int32_t descriptor, struct swl_status *status) {
  struct stat found;
  return fill(fstat(descriptor, &found), &found, status);
}

int32_t swl_lock(int32_t descriptor) {
  int result;
  do result = flock(descriptor, LOCK_EX | LOCK_NB);
  while (result < 0 && errno == EINTR);
  return outcome(result);
}

void swl_unlock(int32_t descriptor) { flock(descriptor, LOCK_UN); }

int32_t swl_sync_directory(const char *path) {
  int32_t descriptor = swl_open(path, SWL_OPEN_DIRECTORY, 0);
  if (descriptor < 0) return descriptor;
  int32_t result = swl_sync(descriptor);
  swl_close(descriptor);
  // Some file systems cannot sync a directory and say EINVAL: their renames are ordered already.
  return result == -EINVAL ? 0 : result;
}

int32_t swl_rename(const char *from, const char *to) { return outcome(rename(from, to)); }

int32_t swl_unlink(const char *path) { return outcome(unlink(path)); }

int32_t swl_make_directory(const char *path, uint32_t mode) {
  return outcome(mkdir(path, (mode_t)mode));
}

int32_t swl_remove_directory(const char *path) { return outcome(rmdir(path)); }

int32_t swl_change_mode(const char *path, uint32_t mode) {
  return outcome(chmod(path, (mode_t)mode));
}

struct swl_directory {
  DIR *stream;
};

int32_t swl_directory_open(const char *path, struct swl_directory **directory) {
  *directory = NULL;
  struct swl_directory *opened = malloc(sizeof *opened);
  if (!opened) return -ENOMEM;
  opened->stream = opendir(path);
  if (!opened->stream) {
    int32_t result = -errno;
    free(opened);
    return result;
  }
  *directory = opened;
  return 0;
}

int32_t swl_directory_next(struct swl_directory *directory, const char **name) {
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(directory->stream);
    if (!entry) return -errno;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    *name = entry->d_name;
    return 1;
  }
}

void swl_directory_close(struct swl_directory *directory) {
  if (!directory) return;
  closedir(directory->stream);
  free(directory);
}

int32_t swl_map(int32_t descriptor, size_t count, const void **bytes) {
  void *mapped = mmap(NULL, count, PROT_READ, MAP_SHARED, descriptor, 0);
  if (mapped == MAP_FAILED) return -errno;
  *bytes = mapped;
  return 0;
}

void swl_unmap(const void *bytes, size_t count) { munmap((void *)bytes, count); }

int32_t swl_free_bytes(const char *path, uint64_t *bytes) {
  struct statvfs found;
  int result;
  do result = statvfs(path, &found);
  while (result < 0 && errno == EINTR);
  if (result < 0) return -errno;
  *bytes = (uint64_t)found.f_bavail * (uint64_t)found.f_frsize;
  return 0;
}

uint64_t swl_monotonic_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int64_t swl_wall_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec;
}

void swl_sleep_nanoseconds(uint64_t nanoseconds) {
  struct timespec pause = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};
  nanosleep(&pause, NULL);
}

int32_t swl_process_id(void) { return (int32_t)getpid(); }

int32_t swl_is_terminal(int32_t descriptor) { return isatty(descriptor) == 1; }

const char *swl_environment(const char *name) { return getenv(name); }

int32_t swl_processor_count(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : (int32_t)count;
}

// Reads what fits of a file that the kernel makes up.
static size_t read_some(const char *path, void *buffer, size_t capacity) {
  int32_t descriptor = swl_open(path, SWL_OPEN_READ, 0);
  if (descriptor < 0) return 0;
  size_t count = 0;
  for (int64_t got = 1; got > 0 && count < capacity; count += got > 0 ? (size_t)got : 0)
    got = swl_read(descriptor, (char *)buffer + count, capacity - count);
  swl_close(descriptor);
  return count;
}

uint64_t swl_peak_resident_bytes(void) {
  // getrusage would count the process that was here before exec: a large parent's memory.
  char status[4096];
  status[read_some("/proc/self/status", status, sizeof status - 1)] = 0;
  const char *peak = strstr(status, "VmHWM:");
  if (peak) return strtoull(peak + strlen("VmHWM:"), NULL, 10) * 1024u;
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) < 0) return 0;
  return (uint64_t)usage.ru_maxrss * 1024u;
}

// An emulator makes up the auxiliary vector of the program it runs; the kernel has the emulator's.
// Emulators answer for /proc/self themselves, but let this other name of it pass. Its values tell
// them apart even where the two differ in their word size.
int32_t swl_is_emulated(void) {
  unsigned long entries[128][2];
  size_t count = read_some("/proc/thread-self/auxv", entries, sizeof entries) / sizeof entries[0];
  for (size_t index = 0; index < count; index++)
    if (entries[index][0] == AT_RANDOM && entries[index][1] == getauxval(AT_RANDOM)) return 0;
  return count > 0;
}

// The arguments of a new process, from words that each end with NUL. Freed by the caller.
static char **argument_list(const char *words, size_t size) {
  size_t count = 0;
  for (size_t index = 0; index < size; index++) count += words[index] == 0;
  char **arguments = calloc(count + 1, sizeof *arguments);
  for (size_t index = 0; arguments && index < count; index++, words += strlen(words) + 1)
    arguments[index] = (char *)words;
  return arguments;
}

static int spawn_again(char *const *arguments, int output, pid_t *child) {
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return error;
  error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (!error) error = posix_spawn(child, "/proc/self/exe", &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

int64_t swl_run_again(const char *words, size_t size, void *output, size_t capacity) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  char **arguments = argument_list(words, size);
  pid_t child = 0;
  int error = arguments ? spawn_again(arguments, ends[1], &child) : ENOMEM;
  free(arguments);
  close(ends[1]);
  size_t count = 0;
  char beyond[256];
  while (!error) {
    size_t room = count < capacity ? capacity - count : 0;
    int64_t got = swl_read(ends[0], room ? (char *)output + count : beyond,
                           room ? room : sizeof beyond);
    if (got <= 0) break;
    if (room) count += (size_t)got;
  }
  close(ends[0]);
  if (error) return -error;
  int status = 0;
  pid_t ended;
  do ended = waitpid(child, &status, 0);
  while (ended < 0 && errno == EINTR);
  return ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? (int64_t)count : -ECHILD;
}

void swl_exit(int32_t code) { exit(code); }

void swl_ignore_broken_pipe(void) { signal(SIGPIPE, SIG_IGN); }

static volatile sig_atomic_t interrupted = 0;

static void note_interrupt(int number) {
  interrupted = number;
}

void swl_catch_interrupts(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_interrupt;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

int32_t swl_interrupted(void) { return interrupted; }

int32_t swl_random(void *bytes, size_t count) {
  unsigned char *next = bytes;
  while (count > 0) {
    ssize_t got = getrandom(next, count, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    next += got;
    count -= (size_t)got;
  }
  return 0;
}

const char *swl_error_text(int32_t code) { return strerror(code); }

int32_t swl_parse_double(const char *text, double *value) {
  char *end = NULL;
  if (*text == 0) return -EINVAL;
  *value = strtod(text, &end);
  return *end == 0 ? 0 : -EINVAL;
}

#if defined(__linux__) && !defined(__GLIBC__)
// Swift's hashing seeds itself with this; musl lacks it.
void arc4random_buf(void *bytes, size_t count) {
  if (swl_random(bytes, count) < 0) abort();
}
#endif
