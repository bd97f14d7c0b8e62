#ifndef CGPIOD_H
#define CGPIOD_H

// One set of calls for both generations of libgpiod, 1.6 and 2.x, whose APIs share none. Which one
// is used is found when this module is compiled; without libgpiod every call answers -ENOSYS.
//
// Lines of a request are bits: bit i is offsets[i]. Calls return 0, or the negative errno.
//
// A serial bus beside the lines is the kernel's spidev.

#include <stdatomic.h>
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
  // Describes /dev/gpiochip<number>; -ENOENT when there is none.
  int (*chip)(void *context, uint32_t number, cgpiod_chip *chip);
  // Describes a line of a chip.
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
  // Opens a device such as /dev/spidev0.0: mode 0, bytes, at most `speed` hertz, and no select of
  // its own where the controller's driver can leave it alone.
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

// Keeps the writes for a request, and has them done by a fault (SIGSEGV, SIGABRT, a Swift trap), by
// any other signal that ends the program, and by exit(). False when too many requests are guarded
// already.
//
// The end has an order, and only the first thread that reaches it goes through it: from some
// moment on no other thread begins a write (see cgpiod_enter); the guard's writes are done; those
// that other threads had begun are waited for, at most 100 ms; the guard's writes are done again. A
// thread whose write takes longer does the guard's writes itself after it, as long as the program
// lasts. A signal then ends the program by its default action, whatever handled it before the guard was
// armed. A guard's write that fails is tried five times, a millisecond apart; then the next is
// made.
bool cgpiod_arm(const cgpiod_calls *calls, void *request, const cgpiod_guard *guard);
// Does the writes of one request and guards it no longer; its lines may then be released. Does not
// return while another thread ends the program.
void cgpiod_disarm(void *request);
// Ends the program by a signal, as its default action does, with the lines at rest; may be called
// from a signal's handler.
_Noreturn void cgpiod_end(int signal);
// The same with an exit code in place of the signal.
_Noreturn void cgpiod_quit(int code);

// Whatever may set a line is done between cgpiod_enter, which must return 0, and cgpiod_leave.
// While the program ends cgpiod_enter does not return, but in the thread that ends it, where it
// returns -ECANCELED. The first time that a thread comes here it gets a stack of its own for signal
// handlers, so that the guard finds room even where that thread's stack has run over. Threads that
// set no line get none: what their stack does when it runs over, short of a handler of theirs, ends
// the program with the lines as they are.
//
// What threads and handlers of signals share are atomics that take no lock.
extern atomic_int cgpiod_ending;
extern atomic_int cgpiod_in_flight;
// How many of those in flight are this thread's; below zero before its first. Only this thread and
// its handlers use it.
extern _Thread_local atomic_int cgpiod_own __attribute__((tls_model("initial-exec")));
int cgpiod_enter_slowly(void);
// Puts all lines to rest after a write during which the end began: it may have come after the
// guard's last.
void cgpiod_leave_late(void);

static inline int cgpiod_enter(void) {
  // Either this thread sees that the end has begun, or the thread that began it sees this one in
  // flight. A signal that comes between the next two lines takes this thread's write for another's
  // and waits in vain.
  atomic_fetch_add(&cgpiod_in_flight, 1);
  int own = atomic_load_explicit(&cgpiod_own, memory_order_relaxed) + 1;
  atomic_store_explicit(&cgpiod_own, own, memory_order_relaxed);
  // A handler of this thread must find it counted.
  atomic_signal_fence(memory_order_seq_cst);
  if (__builtin_expect(own <= 0 || atomic_load(&cgpiod_ending), 0)) return cgpiod_enter_slowly();
  return 0;
}

static inline void cgpiod_leave(void) {
  if (__builtin_expect(atomic_load(&cgpiod_ending) != 0, 0)) cgpiod_leave_late();
  atomic_signal_fence(memory_order_seq_cst);
  int own = atomic_load_explicit(&cgpiod_own, memory_order_relaxed) - 1;
  atomic_store_explicit(&cgpiod_own, own, memory_order_relaxed);
  atomic_fetch_sub(&cgpiod_in_flight, 1);
}

// The cost in ns of one get of an input and of one set of an output by libgpiod's own calls, mean
// of `count`. `request` must come from `cgpiod_kernel().open`; the lines are bits of it, the input
// the first there is, the output one that may toggle; it ends low.
int cgpiod_measure(void *request, uint32_t input, uint32_t output, uint32_t count, double *get,
                   double *set);

#endif
