// The table of calls that lead to the kernel, and its clock.
#define _GNU_SOURCE
#include <time.h>

#include "internal.h"

int64_t cgpiod_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t now(void *context) {
  (void)context;
  return cgpiod_now();
}

// Sleeping wakes up late by some 50 us; the last part is waited for awake.
static const int64_t awake = 150000;

static void wait_until(void *context, int64_t until) {
  (void)context;
  int64_t asleep = until - awake;
  if (cgpiod_now() < asleep) {
    struct timespec time = {asleep / 1000000000, asleep % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
    }
  }
  while (cgpiod_now() < until) {
  }
}

cgpiod_calls cgpiod_kernel(void) {
  cgpiod_calls calls = {.now = now, .wait = wait_until};
  cgpiod_add_lines(&calls);
  cgpiod_add_bus(&calls);
  return calls;
}
