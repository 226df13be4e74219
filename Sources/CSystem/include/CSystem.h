// The few POSIX calls the device modules use. Only <stdint.h> and <stddef.h> types appear here:
// the Embedded build imports this header for a bare-metal triple, which sees no libc.
//
// Functions returning int32_t or int64_t give a value >= 0 on success and -errno on failure,
// and retry on EINTR, unless their comment says otherwise. Every descriptor is close-on-exec.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Ways to open a file.
#define SWL_OPEN_READ 0
#define SWL_OPEN_CREATE_EXCLUSIVE 1
#define SWL_OPEN_APPEND 2
#define SWL_OPEN_READ_WRITE 3
#define SWL_OPEN_DIRECTORY 4

// Errors callers tell apart.
#define SWL_NOT_FOUND 2
#define SWL_EXISTS 17
#define SWL_NOT_A_DIRECTORY 20
#define SWL_IS_A_DIRECTORY 21
#define SWL_INVALID 22
#define SWL_NO_SPACE 28
#define SWL_BROKEN_PIPE 32
#define SWL_NO_CHILD 10
#define SWL_READ_ONLY 30
#define SWL_WOULD_BLOCK 11
#define SWL_ACCESS_DENIED 13
#define SWL_INPUT_OUTPUT 5

struct swl_status {
  uint64_t size;
  int64_t modified_seconds;
  uint32_t mode;
  uint8_t is_directory;
  uint8_t is_regular;
};

int32_t swl_open(const char *path, int32_t how, uint32_t mode);
int32_t swl_close(int32_t descriptor);
// May return fewer bytes than asked for; 0 at the end of the file.
int64_t swl_read(int32_t descriptor, void *buffer, size_t count);
int64_t swl_read_at(int32_t descriptor, void *buffer, size_t count, uint64_t offset);
// Writes everything or fails.
int32_t swl_write_all(int32_t descriptor, const void *bytes, size_t count);
int32_t swl_write_all_at(int32_t descriptor, const void *bytes, size_t count, uint64_t offset);
int32_t swl_sync(int32_t descriptor);
int32_t swl_truncate(int32_t descriptor, uint64_t size);
int32_t swl_status_of(const char *path, struct swl_status *status);
int32_t swl_status_of_link(const char *path, struct swl_status *status);
int32_t swl_status_of_descriptor(int32_t descriptor, struct swl_status *status);
// Exclusive and non-blocking: -SWL_WOULD_BLOCK when another process holds it.
int32_t swl_lock(int32_t descriptor);
void swl_unlock(int32_t descriptor);

int32_t swl_sync_directory(const char *path);
int32_t swl_rename(const char *from, const char *to);
int32_t swl_unlink(const char *path);
int32_t swl_make_directory(const char *path, uint32_t mode);
int32_t swl_remove_directory(const char *path);
int32_t swl_change_mode(const char *path, uint32_t mode);

struct swl_directory;
int32_t swl_directory_open(const char *path, struct swl_directory **directory);
// 1: *name is an entry other than "." and ".." (valid until the next call); 0: the end.
int32_t swl_directory_next(struct swl_directory *directory, const char **name);
void swl_directory_close(struct swl_directory *directory);

// Read-only, shared. count > 0.
int32_t swl_map(int32_t descriptor, size_t count, const void **bytes);
void swl_unmap(const void *bytes, size_t count);

// Bytes an unprivileged process may still write to the file system holding path.
int32_t swl_free_bytes(const char *path, uint64_t *bytes);

uint64_t swl_monotonic_nanoseconds(void);
int64_t swl_wall_seconds(void);
void swl_sleep_nanoseconds(uint64_t nanoseconds);

int32_t swl_process_id(void);
int32_t swl_is_terminal(int32_t descriptor);
// NULL when unset.
const char *swl_environment(const char *name);
int32_t swl_processor_count(void);
// The peak resident set of this process, bytes; not that of the process which started it.
uint64_t swl_peak_resident_bytes(void);
// 1 when a user-mode emulator such as qemu-user runs this process, or instruments it; else 0.
int32_t swl_is_emulated(void);
// Runs this executable again and waits for it. `words` are its arguments, the program's name first,
// each ended by NUL. Gives the bytes it wrote to standard output, of which at most `capacity` are
// kept; -SWL_NO_CHILD unless it exits with 0.
int64_t swl_run_again(const char *words, size_t size, void *output, size_t capacity);
void swl_exit(int32_t code) __attribute__((noreturn));
// A write to a closed pipe then fails with EPIPE instead of killing the process.
void swl_ignore_broken_pipe(void);
// From then on SIGINT and SIGTERM only set the number that swl_interrupted reads, 0 before.
void swl_catch_interrupts(void);
int32_t swl_interrupted(void);

// The system's generator (getrandom). 0, or -errno.
int32_t swl_random(void *bytes, size_t count);
const char *swl_error_text(int32_t code);

// The nearest double to a NUL-terminated decimal number. 0 on success, -SWL_INVALID when anything
// of the text is left over. Embedded Swift cannot parse floating point by itself.
int32_t swl_parse_double(const char *text, double *value);

// Threads that do one piece of work together. The caller is the first of them.
typedef void (*swl_team_work)(void *context, int32_t part);
struct swl_team;
// NULL if the threads cannot be had. `size` is at least 2.
struct swl_team *swl_team_create(int32_t size, swl_team_work work, void *context);
// Runs the work on every thread, and returns when all have done their part.
void swl_team_run(struct swl_team *team);
// Within the work: waits for the others. Makes no system call unless they are far behind.
void swl_team_barrier(struct swl_team *team);
void swl_team_destroy(struct swl_team *team);

#ifdef __cplusplus
}
#endif
