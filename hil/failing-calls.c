// Calls to the kernel's GPIO that fail, come late or are interrupted, by count: loaded with LD_PRELOAD by
// a lane, so that the program itself has nothing of it. It knows the character device's second
// interface, which libgpiod 2.x uses.
//
//   FAILING_CALLS="KIND FIRST COUNT ACTION"
//
// KIND is of the calls that are counted, from 1 on:
//   info     what a chip or a line is
//   request  lines are requested
//   set, get levels are set, read
//   rise     the line at offset $LEARN_LINE is set high
//   fall     the same is set low
//   any      all of these
// COUNT calls from the FIRST on are concerned, with 0 all of them. ACTION is what becomes of them:
//   EINTR, EBUSY, EIO, ENODEV   the call fails so, and nothing is done
//   signal:N                    it is done, then this thread is sent signal N
//   late:MS                     it is done, and returns that much later
// FAILING_FROM names a file: calls are counted from when it is there. What was injected is said on standard
// error, once.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/gpio.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static char kind[16], action[16];
static unsigned long first, count, seen;
static const char *from;
static uint32_t learn;
// The bit of that line in the request that was made last.
static uint64_t bit;

__attribute__((constructor)) static void start(void) {
  const char *text = getenv("FAILING_CALLS"), *line = getenv("LEARN_LINE");
  if (!text) return;
  if (sscanf(text, "%15s %lu %lu %15s", kind, &first, &count, action) != 4) {
    fprintf(stderr, "failing-calls: '%s' is not KIND FIRST COUNT ACTION\n", text);
    _exit(64);
  }
  from = getenv("FAILING_FROM");
  if (from && !*from) from = NULL;
  learn = line ? (uint32_t)atoi(line) : UINT32_MAX;
}

static const char *one_kind(unsigned long request, const void *given) {
  if (request == GPIO_GET_CHIPINFO_IOCTL || request == GPIO_V2_GET_LINEINFO_IOCTL) return "info";
  if (request == GPIO_V2_GET_LINE_IOCTL) return "request";
  if (request == GPIO_V2_LINE_GET_VALUES_IOCTL) return "get";
  if (request != GPIO_V2_LINE_SET_VALUES_IOCTL) return "";
  const struct gpio_v2_line_values *values = given;
  if ((!strcmp(kind, "rise") || !strcmp(kind, "fall")) && values->mask & bit)
    return values->bits & bit ? "rise" : "fall";
  return "set";
}

static const char *kind_of(unsigned long request, const void *given) {
  const char *found = one_kind(request, given);
  return *found && !strcmp(kind, "any") ? kind : found;
}

// Whether the action is for this call.
static int is_meant(const char *found) {
  if (!*kind || strcmp(found, kind)) return 0;
  if (from) {
    if (access(from, F_OK)) return 0;
    from = NULL;
  }
  seen++;
  if (seen < first || (count && seen >= first + count)) return 0;
  if (seen == first) {
    char words[80];
    int length =
        snprintf(words, sizeof words, "failing-calls: %s %lu: %s\n", kind, seen, action);
    if (write(STDERR_FILENO, words, (size_t)length) < 0) return 1;
  }
  return 1;
}

int ioctl(int file, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void *given = va_arg(rest, void *);
  va_end(rest);
  int meant = is_meant(kind_of(request, given));
  static const struct {
    const char *name;
    int number;
  } failures[] = {{"EINTR", EINTR}, {"EBUSY", EBUSY}, {"EIO", EIO}, {"ENODEV", ENODEV}};
  for (size_t index = 0; meant && index < sizeof failures / sizeof *failures; index++) {
    if (strcmp(action, failures[index].name)) continue;
    errno = failures[index].number;
    return -1;
  }
  int result = (int)syscall(SYS_ioctl, file, request, given);
  if (request == GPIO_V2_GET_LINE_IOCTL && result == 0) {
    const struct gpio_v2_line_request *lines = given;
    bit = 0;
    for (uint32_t index = 0; index < lines->num_lines; index++)
      if (lines->offsets[index] == learn) bit = (uint64_t)1 << index;
  }
  int saved = errno, number;
  if (meant && sscanf(action, "signal:%d", &number) == 1) raise(number);
  if (meant && sscanf(action, "late:%d", &number) == 1) {
    struct timespec time = {number / 1000, number % 1000 * 1000000L};
    while (nanosleep(&time, &time) < 0 && errno == EINTR) {
    }
  }
  errno = saved;
  return result;
}
