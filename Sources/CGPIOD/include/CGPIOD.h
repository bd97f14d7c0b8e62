#ifndef CGPIOD_H
#define CGPIOD_H

// One set of calls for both generations of libgpiod, 1.6 and 2.x, whose APIs share none. Which one
// is used is found when this file is compiled; without libgpiod every call answers -ENOSYS.
//
// Lines of a request are bits: bit i is offsets[i]. Calls return 0, or the negative errno.
//
// A serial bus beside the lines is the kernel's spidev.

#include <stdbool.h>
#include <stdint.h>

// A GPIO chip.
typedef struct {
  char path[32];
  char label[32];
  uint32_t lines;
} cgpiod_chip;

// The offset of a bit that is no line of this request: a bus has it. It is neither set nor read.
static const uint32_t cgpiod_elsewhere = UINT32_MAX;

// A line of a chip as the kernel knows it.
typedef struct {
  char name[32];
  char consumer[32];
  bool used;
  bool output;
} cgpiod_line;

// Levels, or why there are none.
typedef struct {
  uint64_t levels;
  int error;
} cgpiod_reading;

// The calls, as a table: tests put another chip and another clock behind the same Swift code.
typedef struct {
  // Passed to every call.
  void *context;
  // Tells of /dev/gpiochip<number>; -ENOENT when there is none.
  int (*chip)(void *context, uint32_t number, cgpiod_chip *chip);
  // Tells of a line of a chip.
  int (*line)(void *context, const char *path, uint32_t offset, cgpiod_line *line);
  // Requests up to 64 lines. Those in `outputs` become outputs and take their level of `levels` in
  // the request itself, the others become inputs; with `as_is` nothing is changed, only read.
  int (*open)(void *context, const char *path, const char *consumer, const uint32_t *offsets,
              uint32_t count, uint64_t outputs, uint64_t levels, bool as_is, void **request);
  // Sets the outputs of `mask`.
  int (*write)(void *context, void *request, uint64_t levels, uint64_t mask);
  // Reads the lines of `mask`.
  cgpiod_reading (*read)(void *context, void *request, uint64_t mask);
  // Releases the lines.
  void (*close)(void *context, void *request);
  // Opens a device such as /dev/spidev0.0: mode 0, bytes, at most `speed` hertz, and no select of its
  // own where the controller's driver can leave it alone.
  int (*open_bus)(void *context, const char *path, uint32_t speed, int *bus);
  // Sends the lowest `bits` bits, 8, 16, 24 or 32, the highest of them first, and receives as many.
  int (*exchange)(void *context, int bus, uint32_t word, uint32_t bits, uint32_t *received);
  // Closes the bus.
  void (*close_bus)(void *context, int bus);
  // The time in ns by a clock that never goes back.
  int64_t (*now)(void *context);
  // Waits until that time, at least.
  void (*wait)(void *context, int64_t until);
} cgpiod_calls;

// The calls to libgpiod and to the kernel's monotonic clock.
cgpiod_calls cgpiod_kernel(void);

// The version of the library that is loaded, such as "1.6.3"; empty for none.
const char *cgpiod_version(void);

// What is written to a request when the program ends in a way that it does not control: up to four
// writes in order.
#define CGPIOD_GUARD_WRITES 4
typedef struct {
  uint64_t levels[CGPIOD_GUARD_WRITES];
  uint64_t masks[CGPIOD_GUARD_WRITES];
  uint32_t count;
} cgpiod_guard;

// How many requests can be guarded at a time.
#define CGPIOD_GUARDED 16

// Keeps the writes for a request, and has them done by a fault (SIGSEGV, a stack that ran over,
// SIGABRT, a Swift trap), by any other signal that ends the program, and by exit(). False when too
// many requests are guarded already.
bool cgpiod_arm(const cgpiod_calls *calls, void *request, const cgpiod_guard *guard);
// Does the writes of one request, unless they were done, and guards it no longer.
void cgpiod_disarm(void *request);
// Does the writes of all requests, each once; may be called from a signal handler.
void cgpiod_make_safe(void);

// The cost in ns of one get of an input and of one set of an output by libgpiod's own calls, mean of
// `count`. `request` must come from `cgpiod_kernel().open`; the lines are bits of it, the input the
// first there is, the output one that may toggle; it ends low.
int cgpiod_measure(void *request, uint32_t input, uint32_t output, uint32_t count, double *get,
                   double *set);

#endif
