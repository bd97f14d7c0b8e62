#define _GNU_SOURCE
#include "CGPIOD.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/spi/spidev.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// -DCGPIOD_NONE builds as if there were no libgpiod.
#if __has_include(<gpiod.h>) && !defined(CGPIOD_NONE)
#include <gpiod.h>
// 1.x marks its functions with GPIOD_API; 2.x does not have the macro.
#ifdef GPIOD_API
#define GENERATION 1
#else
#define GENERATION 2
#endif
#else
#define GENERATION 0
#endif

// MARK: - What all share

static int64_t now(void *context) {
  (void)context;
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// Sleeping wakes up late by some 50 us; the last part is waited for awake.
static const int64_t awake = 150000;

static void wait_until(void *context, int64_t until) {
  int64_t asleep = until - awake;
  if (now(context) < asleep) {
    struct timespec time = {asleep / 1000000000, asleep % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
    }
  }
  while (now(context) < until) {
  }
}

static int failure(void) { return errno ? -errno : -EIO; }

// MARK: - The serial bus

static int open_bus(void *context, const char *path, uint32_t speed, int *bus) {
  (void)context;
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return failure();
  // Selects are lines of the board. Not every controller can keep its own still.
  uint32_t still = SPI_MODE_0 | SPI_NO_CS;
  uint32_t plain = SPI_MODE_0;
  uint8_t bits = 8;
  if ((ioctl(file, SPI_IOC_WR_MODE32, &still) < 0 && ioctl(file, SPI_IOC_WR_MODE32, &plain) < 0) ||
      ioctl(file, SPI_IOC_WR_BITS_PER_WORD, &bits) < 0 ||
      ioctl(file, SPI_IOC_WR_MAX_SPEED_HZ, &speed) < 0) {
    int error = failure();
    close(file);
    return error;
  }
  *bus = file;
  return 0;
}

static int exchange(void *context, int bus, uint32_t word, uint32_t bits, uint32_t *received) {
  (void)context;
  uint8_t bytes[4];
  uint32_t count = bits / 8;
  if (count < 1 || count > sizeof bytes || bits % 8) return -EINVAL;
  for (uint32_t index = 0; index < count; index++)
    bytes[index] = (uint8_t)(word >> 8 * (count - 1 - index));
  struct spi_ioc_transfer transfer = {
      .tx_buf = (uintptr_t)bytes, .rx_buf = (uintptr_t)bytes, .len = count};
  if (ioctl(bus, SPI_IOC_MESSAGE(1), &transfer) < 0) return failure();
  *received = 0;
  for (uint32_t index = 0; index < count; index++) *received = *received << 8 | bytes[index];
  return 0;
}

static void close_bus(void *context, int bus) {
  (void)context;
  close(bus);
}

#if GENERATION

#define MOST 64

static void copy(char *to, size_t size, const char *from) {
  snprintf(to, size, "%s", from ? from : "");
}

static cgpiod_reading unread(void) { return (cgpiod_reading){.error = failure()}; }

// A measurement comes out of flight and back once in so many turns, so that the end of the program
// need not wait for it and it costs next to nothing.
static int next_turn(uint32_t turn) {
  if (turn % 64) return 0;
  if (turn) cgpiod_leave();
  return cgpiod_enter();
}

static int left(void) {
  int error = failure();
  cgpiod_leave();
  return error;
}

// The bits whose lines belong to a request.
static uint64_t own(const uint32_t *offsets, uint32_t count) {
  uint64_t mask = 0;
  for (uint32_t line = 0; line < count; line++)
    if (offsets[line] != cgpiod_elsewhere) mask |= (uint64_t)1 << line;
  return mask;
}

#endif

#if GENERATION == 1

// MARK: - libgpiod 1.6

// One direction a request, and a write sets all lines of one: three requests, so that the data line,
// read alone for every bit of a frame, does not bring the comparators along.
struct group {
  struct gpiod_line_bulk bulk;
  uint64_t mask;
  int values[MOST];
};
enum { FIRST_INPUT, INPUTS, OUTPUTS, GROUPS };
struct request {
  struct gpiod_chip *chip;
  // Where each line is in its group.
  uint8_t places[MOST];
  struct group groups[GROUPS];
};

const char *cgpiod_version(void) { return gpiod_version_string(); }

static int tell_chip(void *context, uint32_t number, cgpiod_chip *chip) {
  (void)context;
  snprintf(chip->path, sizeof chip->path, "/dev/gpiochip%u", number);
  struct gpiod_chip *opened = gpiod_chip_open(chip->path);
  if (!opened) return failure();
  copy(chip->label, sizeof chip->label, gpiod_chip_label(opened));
  chip->lines = gpiod_chip_num_lines(opened);
  gpiod_chip_close(opened);
  return 0;
}

static int tell_line(void *context, const char *path, uint32_t offset, cgpiod_line *line) {
  (void)context;
  struct gpiod_chip *chip = gpiod_chip_open(path);
  if (!chip) return failure();
  struct gpiod_line *found = gpiod_chip_get_line(chip, offset);
  int result = found ? 0 : failure();
  if (found) {
    copy(line->name, sizeof line->name, gpiod_line_name(found));
    copy(line->consumer, sizeof line->consumer, gpiod_line_consumer(found));
    line->used = gpiod_line_is_used(found);
    line->output = gpiod_line_direction(found) == GPIOD_LINE_DIRECTION_OUTPUT;
  }
  gpiod_chip_close(chip);
  return result;
}

static void close_lines(void *context, void *given) {
  (void)context;
  struct request *request = given;
  for (int index = 0; index < GROUPS; index++) {
    // Where opening failed, the groups after that are still empty.
    struct gpiod_line_bulk *bulk = &request->groups[index].bulk;
    if (gpiod_line_bulk_num_lines(bulk) && gpiod_line_is_requested(bulk->lines[0]))
      gpiod_line_release_bulk(bulk);
  }
  gpiod_chip_close(request->chip);
  free(request);
}

static int open_lines(void *context, const char *path, const char *consumer,
                      const uint32_t *offsets, uint32_t count, uint64_t outputs, uint64_t levels,
                      bool as_is, void **result) {
  if (count < 1 || count > MOST) return -EINVAL;
  struct request *request = calloc(1, sizeof *request);
  if (!request) return -ENOMEM;
  request->chip = gpiod_chip_open(path);
  if (!request->chip) {
    int error = failure();
    free(request);
    return error;
  }
  uint64_t all = own(offsets, count);
  uint64_t inputs = all & ~outputs;
  request->groups[OUTPUTS].mask = all & outputs;
  // Without the data line the comparators are all that is read, together.
  request->groups[FIRST_INPUT].mask = all & 1 ? inputs & -inputs : 0;
  request->groups[INPUTS].mask = inputs & ~request->groups[FIRST_INPUT].mask;
  for (int index = 0; index < GROUPS; index++) {
    struct group *group = &request->groups[index];
    gpiod_line_bulk_init(&group->bulk);
    for (uint32_t line = 0; line < count; line++) {
      if (!(group->mask >> line & 1)) continue;
      struct gpiod_line *found = gpiod_chip_get_line(request->chip, offsets[line]);
      if (!found) {
        int error = failure();
        close_lines(context, request);
        return error;
      }
      request->places[line] = (uint8_t)gpiod_line_bulk_num_lines(&group->bulk);
      group->values[request->places[line]] = levels >> line & 1;
      gpiod_line_bulk_add(&group->bulk, found);
    }
    if (!group->mask) continue;
    struct gpiod_line_request_config config = {
        .consumer = consumer,
        .request_type = as_is              ? GPIOD_LINE_REQUEST_DIRECTION_AS_IS
                        : index == OUTPUTS ? GPIOD_LINE_REQUEST_DIRECTION_OUTPUT
                                           : GPIOD_LINE_REQUEST_DIRECTION_INPUT,
    };
    if (gpiod_line_request_bulk(&group->bulk, &config, group->values) < 0) {
      int error = failure();
      close_lines(context, request);
      return error;
    }
  }
  *result = request;
  return 0;
}

static int write_lines(void *context, void *given, uint64_t levels, uint64_t mask) {
  (void)context;
  struct request *request = given;
  struct group *group = &request->groups[OUTPUTS];
  mask &= group->mask;
  if (!mask) return 0;
  for (uint64_t rest = mask; rest; rest &= rest - 1) {
    int line = __builtin_ctzll(rest);
    group->values[request->places[line]] = levels >> line & 1;
  }
  return gpiod_line_set_value_bulk(&group->bulk, group->values) < 0 ? failure() : 0;
}

static cgpiod_reading read_lines(void *context, void *given, uint64_t mask) {
  (void)context;
  struct request *request = given;
  // A bit of a frame.
  struct group *first = &request->groups[FIRST_INPUT];
  if (mask == first->mask) {
    int value = 0;
    if (mask && gpiod_line_get_value_bulk(&first->bulk, &value) < 0) return unread();
    return (cgpiod_reading){.levels = value ? mask : 0};
  }
  uint64_t read = 0;
  uint64_t left = mask;
  for (int index = 0; left && index < GROUPS; index++) {
    struct group *group = &request->groups[index];
    if (!(group->mask & left)) continue;
    int values[MOST];
    if (gpiod_line_get_value_bulk(&group->bulk, values) < 0) return unread();
    for (uint64_t rest = group->mask & left; rest; rest &= rest - 1)
      if (values[request->places[__builtin_ctzll(rest)]]) read |= rest & -rest;
    left &= ~group->mask;
  }
  return (cgpiod_reading){.levels = read};
}

int cgpiod_measure(void *given, uint32_t input, uint32_t output, uint32_t count, double *get,
                   double *set) {
  struct request *request = given;
  struct group *outputs = &request->groups[OUTPUTS];
  struct group *inputs = &request->groups[FIRST_INPUT];
  if (output >= MOST || !(outputs->mask >> output & 1)) return -EINVAL;
  if (input >= MOST || !(inputs->mask >> input & 1)) return -EINVAL;
  int *driven = &outputs->values[request->places[output]];
  int64_t start = now(NULL);
  for (uint32_t turn = 0; turn < count; turn++) {
    if (next_turn(turn)) return -ECANCELED;
    *driven = ~turn & 1;
    if (gpiod_line_set_value_bulk(&outputs->bulk, outputs->values) < 0) return left();
  }
  if (count) cgpiod_leave();
  int64_t middle = now(NULL);
  for (uint32_t turn = 0; turn < count; turn++) {
    int value;
    if (gpiod_line_get_value_bulk(&inputs->bulk, &value) < 0) return failure();
  }
  int64_t end = now(NULL);
  *driven = 0;
  if (cgpiod_enter()) return -ECANCELED;
  if (gpiod_line_set_value_bulk(&outputs->bulk, outputs->values) < 0) return left();
  cgpiod_leave();
  *set = (double)(middle - start) / count;
  *get = (double)(end - middle) / count;
  return 0;
}

#elif GENERATION == 2

// MARK: - libgpiod 2.x

struct request {
  struct gpiod_line_request *lines;
  uint64_t mask;
  unsigned int offsets[MOST];
};

const char *cgpiod_version(void) { return gpiod_api_version(); }

static int tell_chip(void *context, uint32_t number, cgpiod_chip *chip) {
  (void)context;
  snprintf(chip->path, sizeof chip->path, "/dev/gpiochip%u", number);
  struct gpiod_chip *opened = gpiod_chip_open(chip->path);
  if (!opened) return failure();
  struct gpiod_chip_info *info = gpiod_chip_get_info(opened);
  int result = info ? 0 : failure();
  if (info) {
    copy(chip->label, sizeof chip->label, gpiod_chip_info_get_label(info));
    chip->lines = (uint32_t)gpiod_chip_info_get_num_lines(info);
    gpiod_chip_info_free(info);
  }
  gpiod_chip_close(opened);
  return result;
}

static int tell_line(void *context, const char *path, uint32_t offset, cgpiod_line *line) {
  (void)context;
  struct gpiod_chip *chip = gpiod_chip_open(path);
  if (!chip) return failure();
  struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, offset);
  int result = info ? 0 : failure();
  if (info) {
    copy(line->name, sizeof line->name, gpiod_line_info_get_name(info));
    copy(line->consumer, sizeof line->consumer, gpiod_line_info_get_consumer(info));
    line->used = gpiod_line_info_is_used(info);
    line->output = gpiod_line_info_get_direction(info) == GPIOD_LINE_DIRECTION_OUTPUT;
    gpiod_line_info_free(info);
  }
  gpiod_chip_close(chip);
  return result;
}

static void close_lines(void *context, void *given) {
  (void)context;
  struct request *request = given;
  if (request->lines) gpiod_line_request_release(request->lines);
  free(request);
}

static int add(struct gpiod_line_config *config, struct gpiod_line_settings *settings,
               const uint32_t *offsets, uint64_t mask) {
  unsigned int chosen[MOST];
  size_t count = 0;
  for (uint64_t rest = mask; rest; rest &= rest - 1)
    chosen[count++] = offsets[__builtin_ctzll(rest)];
  return count ? gpiod_line_config_add_line_settings(config, chosen, count, settings) : 0;
}

static int open_lines(void *context, const char *path, const char *consumer,
                      const uint32_t *offsets, uint32_t count, uint64_t outputs, uint64_t levels,
                      bool as_is, void **result) {
  (void)context;
  if (count < 1 || count > MOST) return -EINVAL;
  struct request *request = calloc(1, sizeof *request);
  struct gpiod_chip *chip = gpiod_chip_open(path);
  struct gpiod_line_settings *settings = gpiod_line_settings_new();
  struct gpiod_line_config *config = gpiod_line_config_new();
  struct gpiod_request_config *names = gpiod_request_config_new();
  int error = chip ? 0 : failure();
  if (!error && !(request && settings && config && names)) error = -ENOMEM;
  if (!error) {
    uint64_t all = own(offsets, count);
    memcpy(request->offsets, offsets, count * sizeof *offsets);
    request->mask = all;
    gpiod_request_config_set_consumer(names, consumer);
    if (as_is) {
      gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_AS_IS);
      if (add(config, settings, offsets, all) < 0) error = failure();
    } else {
      gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT);
      if (add(config, settings, offsets, all & ~outputs) < 0) error = failure();
      gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT);
      gpiod_line_settings_set_output_value(settings, GPIOD_LINE_VALUE_INACTIVE);
      if (add(config, settings, offsets, all & outputs & ~levels) < 0) error = failure();
      gpiod_line_settings_set_output_value(settings, GPIOD_LINE_VALUE_ACTIVE);
      if (add(config, settings, offsets, all & outputs & levels) < 0) error = failure();
    }
    if (!error) {
      request->lines = gpiod_chip_request_lines(chip, names, config);
      if (!request->lines) error = failure();
    }
  }
  if (names) gpiod_request_config_free(names);
  if (config) gpiod_line_config_free(config);
  if (settings) gpiod_line_settings_free(settings);
  if (chip) gpiod_chip_close(chip);
  if (error) {
    free(request);
    return error;
  }
  *result = request;
  return 0;
}

static int write_some(const struct request *request, uint64_t levels, uint64_t mask) {
  unsigned int offsets[MOST];
  enum gpiod_line_value values[MOST];
  size_t count = 0;
  for (uint64_t rest = mask; rest; rest &= rest - 1) {
    int line = __builtin_ctzll(rest);
    offsets[count] = request->offsets[line];
    values[count++] = levels >> line & 1 ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
  }
  return gpiod_line_request_set_values_subset(request->lines, count, offsets, values) < 0
             ? failure()
             : 0;
}

static int write_lines(void *context, void *given, uint64_t levels, uint64_t mask) {
  (void)context;
  const struct request *request = given;
  mask &= request->mask;
  if (!mask) return 0;
  if (mask & (mask - 1)) return write_some(request, levels, mask);
  // Most writes are of one line.
  int line = __builtin_ctzll(mask);
  unsigned int offset = request->offsets[line];
  enum gpiod_line_value value =
      levels & mask ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
  return gpiod_line_request_set_values_subset(request->lines, 1, &offset, &value) < 0 ? failure()
                                                                                      : 0;
}

static cgpiod_reading read_lines(void *context, void *given, uint64_t mask) {
  (void)context;
  struct request *request = given;
  unsigned int offsets[MOST];
  enum gpiod_line_value values[MOST];
  size_t count = 0;
  mask &= request->mask;
  for (uint64_t rest = mask; rest; rest &= rest - 1)
    offsets[count++] = request->offsets[__builtin_ctzll(rest)];
  uint64_t read = 0;
  if (count) {
    if (gpiod_line_request_get_values_subset(request->lines, count, offsets, values) < 0)
      return unread();
    size_t place = 0;
    for (uint64_t rest = mask; rest; rest &= rest - 1)
      if (values[place++] == GPIOD_LINE_VALUE_ACTIVE) read |= rest & -rest;
  }
  return (cgpiod_reading){.levels = read};
}

int cgpiod_measure(void *given, uint32_t input, uint32_t output, uint32_t count, double *get,
                   double *set) {
  struct request *request = given;
  if (output >= MOST || !(request->mask >> output & 1)) return -EINVAL;
  if (input >= MOST || !(request->mask >> input & 1)) return -EINVAL;
  unsigned int driven = request->offsets[output];
  int64_t start = now(NULL);
  for (uint32_t turn = 0; turn < count; turn++) {
    if (next_turn(turn)) return -ECANCELED;
    if (gpiod_line_request_set_value(
            request->lines, driven,
            turn & 1 ? GPIOD_LINE_VALUE_INACTIVE : GPIOD_LINE_VALUE_ACTIVE) < 0)
      return left();
  }
  if (count) cgpiod_leave();
  int64_t middle = now(NULL);
  for (uint32_t turn = 0; turn < count; turn++)
    if (gpiod_line_request_get_value(request->lines, request->offsets[input]) < 0)
      return failure();
  int64_t end = now(NULL);
  if (cgpiod_enter()) return -ECANCELED;
  if (gpiod_line_request_set_value(request->lines, driven, GPIOD_LINE_VALUE_INACTIVE) < 0)
    return left();
  cgpiod_leave();
  *set = (double)(middle - start) / count;
  *get = (double)(end - middle) / count;
  return 0;
}

#else

// MARK: - No libgpiod

const char *cgpiod_version(void) { return ""; }

static int tell_chip(void *context, uint32_t number, cgpiod_chip *chip) {
  (void)context, (void)number, (void)chip;
  return -ENOSYS;
}
static int tell_line(void *context, const char *path, uint32_t offset, cgpiod_line *line) {
  (void)context, (void)path, (void)offset, (void)line;
  return -ENOSYS;
}
static int open_lines(void *context, const char *path, const char *consumer,
                      const uint32_t *offsets, uint32_t count, uint64_t outputs, uint64_t levels,
                      bool as_is, void **request) {
  (void)context, (void)path, (void)consumer, (void)offsets, (void)count;
  (void)outputs, (void)levels, (void)as_is, (void)request;
  return -ENOSYS;
}
static void close_lines(void *context, void *request) { (void)context, (void)request; }
static int write_lines(void *context, void *request, uint64_t levels, uint64_t mask) {
  (void)context, (void)request, (void)levels, (void)mask;
  return -ENOSYS;
}
static cgpiod_reading read_lines(void *context, void *request, uint64_t mask) {
  (void)context, (void)request, (void)mask;
  return (cgpiod_reading){.error = -ENOSYS};
}
int cgpiod_measure(void *request, uint32_t input, uint32_t output, uint32_t count, double *get,
                   double *set) {
  (void)request, (void)input, (void)output, (void)count, (void)get, (void)set;
  return -ENOSYS;
}

#endif

cgpiod_calls cgpiod_kernel(void) {
  cgpiod_calls calls = {
      .context = NULL,
      .chip = tell_chip,
      .line = tell_line,
      .open = open_lines,
      .write = write_lines,
      .read = read_lines,
      .close = close_lines,
      .open_bus = open_bus,
      .exchange = exchange,
      .close_bus = close_bus,
      .now = now,
      .wait = wait_until,
  };
  return calls;
}

// MARK: - The guard

// What is written at the end, for each of the requests that are open.
static struct {
  cgpiod_calls calls;
  cgpiod_guard writes;
  // Set last and cleared first: a handler may come between any two statements.
  void *request;
} guarded[CGPIOD_GUARDED];

// How far the end is: one thread goes from one to the next, and none back.
enum { RUNNING, RESTING, AT_REST };
int cgpiod_ending = RUNNING;
int cgpiod_in_flight;
_Thread_local int cgpiod_own = INT_MIN;
static _Thread_local volatile bool ends __attribute__((tls_model("initial-exec")));

static int ending(void) { return __atomic_load_n(&cgpiod_ending, __ATOMIC_SEQ_CST); }

// A write that fails is tried again, a millisecond later, for its cause may pass; the next is made
// in any case. Safe in a signal's handler.
enum { TRIES = 5 };

static void write_rest(const cgpiod_calls *calls, void *request, const cgpiod_guard *writes) {
  for (uint32_t write = 0; write < writes->count && write < CGPIOD_GUARD_WRITES; write++)
    for (int tries = 1; calls->write(calls->context, request, writes->levels[write],
                                     writes->masks[write]) != 0 &&
                        tries < TRIES;
         tries++) {
      struct timespec moment = {0, 1000000};
      nanosleep(&moment, NULL);
    }
}

static void put_to_rest(int index) {
  void *request = __atomic_load_n(&guarded[index].request, __ATOMIC_SEQ_CST);
  if (request) write_rest(&guarded[index].calls, request, &guarded[index].writes);
}

static sigset_t hold_signals(void) {
  sigset_t all, held;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &held);
  return held;
}

// For a thread that may write nothing any more, while another ends the program.
_Noreturn static void stand_still(void) {
  hold_signals();
  for (;;) pause();
}

// What other threads began before the end did is on its way to the kernel.
static void wait_for_others(void) {
  int own = cgpiod_own > 0 ? cgpiod_own : 0;
  int64_t until = now(NULL) + 100000000;
  while (__atomic_load_n(&cgpiod_in_flight, __ATOMIC_SEQ_CST) > own && now(NULL) < until) {
    struct timespec moment = {0, 50000};
    nanosleep(&moment, NULL);
  }
}

// Puts all lines to rest for good; returns in one thread only. A signal that came in between would
// end the program with half of it written.
static void begin_end(void) {
  if (ends) return;
  sigset_t held = hold_signals();
  int running = RUNNING;
  if (!__atomic_compare_exchange_n(&cgpiod_ending, &running, RESTING, false, __ATOMIC_SEQ_CST,
                                   __ATOMIC_SEQ_CST)) {
    // Another thread is at it, or was, and is busy with what else exit() does.
    if (running == RESTING) stand_still();
    pthread_sigmask(SIG_SETMASK, &held, NULL);
    return;
  }
  ends = true;
  int saved = errno;
  for (int index = 0; index < CGPIOD_GUARDED; index++) put_to_rest(index);
  wait_for_others();
  for (int index = 0; index < CGPIOD_GUARDED; index++) put_to_rest(index);
  errno = saved;
  __atomic_store_n(&cgpiod_ending, AT_REST, __ATOMIC_SEQ_CST);
  pthread_sigmask(SIG_SETMASK, &held, NULL);
}

void cgpiod_end(int number) {
  begin_end();
  // Not to whom it would have come without us: what handles it might return, and the program would
  // go on with nobody to put its lines to rest. (A crash reporter does.)
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
  raise(number);
  _exit(128 + number);
}

void cgpiod_quit(int code) {
  begin_end();
  _exit(code);
}

void cgpiod_disarm(void *request) {
  sigset_t held = hold_signals();
  for (int index = 0; index < CGPIOD_GUARDED; index++) {
    if (__atomic_load_n(&guarded[index].request, __ATOMIC_SEQ_CST) != request) continue;
    cgpiod_calls calls = guarded[index].calls;
    cgpiod_guard writes = guarded[index].writes;
    // Whoever ends the program from here on either waits for this write, or still has the request.
    __atomic_fetch_add(&cgpiod_in_flight, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&guarded[index].request, NULL, __ATOMIC_SEQ_CST);
    if (!ends) write_rest(&calls, request, &writes);
    __atomic_fetch_sub(&cgpiod_in_flight, 1, __ATOMIC_SEQ_CST);
    // In the other thread's hands, the request must not be released.
    if (!ends && ending()) stand_still();
    break;
  }
  pthread_sigmask(SIG_SETMASK, &held, NULL);
}

// MARK: - A stack for the handlers

enum { ROOM = 65536 };
static pthread_key_t rooms;
static pthread_once_t has_rooms = PTHREAD_ONCE_INIT;

static void give_room_back(void *room) {
  stack_t none = {.ss_flags = SS_DISABLE};
  sigaltstack(&none, NULL);
  munmap(room, ROOM);
}

static void make_rooms(void) { pthread_key_create(&rooms, give_room_back); }

// A stack that has run over has no room for a handler. Who has a stack for them already keeps it.
static void make_room(void) {
  stack_t found;
  if (sigaltstack(NULL, &found) < 0) return;
  if (!(found.ss_flags & SS_DISABLE) && found.ss_size >= ROOM / 4) return;
  void *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return;
  stack_t stack = {.ss_sp = room, .ss_size = ROOM};
  if (sigaltstack(&stack, NULL) < 0) {
    munmap(room, ROOM);
    return;
  }
  pthread_once(&has_rooms, make_rooms);
  pthread_setspecific(rooms, room);
}

int cgpiod_enter_slowly(void) {
  if (cgpiod_own <= 0) {
    cgpiod_own = 1;
    make_room();
  }
  if (!ending()) return 0;
  cgpiod_leave();
  if (!ends) stand_still();
  return -ECANCELED;
}

// MARK: - Watching

static void end(int number) { cgpiod_end(number); }

static void end_by_exit(void) { begin_end(); }

// Catches whatever ends a program and can be caught. SIGINT, SIGTERM and SIGHUP are the program's
// own; of the others, those that are handled or ignored already are left as they are, but for faults.
static void watch(void) {
  static const int left[] = {SIGINT,  SIGTERM, SIGHUP,  SIGCHLD, SIGCONT, SIGURG,
                             SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU, SIGSTOP, SIGKILL};
  static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGSYS, SIGQUIT};
  for (int number = 1; number <= SIGRTMAX; number++) {
    bool is_left = false, is_fault = false;
    for (size_t index = 0; index < sizeof left / sizeof *left; index++)
      is_left |= left[index] == number;
    for (size_t index = 0; index < sizeof faults / sizeof *faults; index++)
      is_fault |= faults[index] == number;
    struct sigaction before;
    if (is_left || sigaction(number, NULL, &before) < 0) continue;
    // Faults are taken from whoever has them: Swift's crash reporter handles SIGQUIT and SIGABRT and
    // returns, and a shell has its background jobs ignore SIGQUIT.
    if (!is_fault && before.sa_handler != SIG_DFL) continue;
    struct sigaction action = {.sa_handler = end, .sa_flags = SA_ONSTACK};
    sigfillset(&action.sa_mask);
    sigaction(number, &action, NULL);
  }
  atexit(end_by_exit);
}

bool cgpiod_arm(const cgpiod_calls *calls, void *request, const cgpiod_guard *guard) {
  static atomic_flag claims = ATOMIC_FLAG_INIT;
  // Gives this thread its stack, too; and there is nothing to arm for once the end has begun.
  if (cgpiod_enter()) return false;
  while (atomic_flag_test_and_set(&claims)) {
  }
  int index = 0;
  while (index < CGPIOD_GUARDED && guarded[index].request) index++;
  if (index < CGPIOD_GUARDED) {
    guarded[index].calls = *calls;
    guarded[index].writes = *guard;
    __atomic_store_n(&guarded[index].request, request, __ATOMIC_SEQ_CST);
    static bool watched;
    if (!watched) watch();
    watched = true;
  }
  atomic_flag_clear(&claims);
  cgpiod_leave();
  return index < CGPIOD_GUARDED;
}
