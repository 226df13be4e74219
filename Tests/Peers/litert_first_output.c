// One inference with LiteRT's C API, as a program that needs one would do it: the counterpart of
// `swiftletd bench --once`. Prints when the result was there, in ns of the monotonic clock.
//
//   litert_first_output MODEL.tflite INPUT_RANK INPUT_DIMENSIONS... OUTPUT_RANK OUTPUT_DIMENSIONS...
//
// LiteRT's wheel ships the library and no header: what is declared here is its public C interface,
// version 2.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  uint32_t rank_and_flags;
  int32_t dimensions[8];
  uint32_t strides[8];
} Layout;

typedef struct {
  int32_t element_type;
  Layout layout;
} TensorType;

enum { int8_element = 9, host_memory = 1, cpu = 1 };

int LiteRtCreateEnvironment(int option_count, const void *options, void **environment);
int LiteRtCreateModelFromFile(void *environment, const char *path, void **model);
int LiteRtCreateOptions(void **options);
int LiteRtSetOptionsHardwareAccelerators(void *options, int accelerators);
int LiteRtCreateOpaqueOptions(const char *identifier, void *payload, void (*destroy)(void *),
                              void **options);
int LiteRtAddOpaqueOptions(void *options, void *opaque);
int LiteRtCreateCompiledModel(void *environment, void *model, void *options, void **compiled);
int LiteRtCreateTensorBufferFromHostMemory(const TensorType *type, void *memory, size_t size,
                                           void (*deallocate)(void *), void **buffer);
int LiteRtRunCompiledModel(void *compiled, size_t signature, size_t input_count, void **inputs,
                           size_t output_count, void **outputs);

static void check(int status, const char *what) {
  if (status == 0) return;
  fprintf(stderr, "litert_first_output: %s failed with status %d\n", what, status);
  exit(1);
}

// A tensor of int8 in memory of its own; moves *words past its rank and dimensions.
static void *tensor(char ***words) {
  TensorType type = {.element_type = int8_element};
  size_t size = 1;
  uint32_t rank = (uint32_t)strtoul(*(*words)++, NULL, 10);
  type.layout.rank_and_flags = rank;
  for (uint32_t axis = 0; axis < rank; axis++) {
    type.layout.dimensions[axis] = (int32_t)strtol(*(*words)++, NULL, 10);
    size *= (size_t)type.layout.dimensions[axis];
  }
  size_t padded = (size + 63) / 64 * 64;
  char *memory = aligned_alloc(64, padded);
  for (size_t index = 0; memory && index < padded; index++) memory[index] = (char)(index * 37);
  void *buffer = NULL;
  check(LiteRtCreateTensorBufferFromHostMemory(&type, memory, size, NULL, &buffer), "a buffer");
  return buffer;
}

static void nothing(void *payload) { (void)payload; }

int main(int count, char **words) {
  if (count < 6) return 2;
  char **shapes = words + 2;
  static char one_thread[] = "num_threads = 1\n";
  void *environment, *model, *options, *cpu_options, *compiled;
  check(LiteRtCreateEnvironment(0, NULL, &environment), "the environment");
  check(LiteRtCreateModelFromFile(environment, words[1], &model), "loading");
  check(LiteRtCreateOptions(&options), "options");
  check(LiteRtSetOptionsHardwareAccelerators(options, cpu), "choosing the CPU");
  check(LiteRtCreateOpaqueOptions("xnnpack", one_thread, nothing, &cpu_options), "CPU options");
  check(LiteRtAddOpaqueOptions(options, cpu_options), "adding CPU options");
  check(LiteRtCreateCompiledModel(environment, model, options, &compiled), "compiling");
  void *input = tensor(&shapes), *output = tensor(&shapes);
  check(LiteRtRunCompiledModel(compiled, 0, 1, &input, 1, &output), "running");
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  printf("%" PRIu64 "\n", (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
  return 0;
}
