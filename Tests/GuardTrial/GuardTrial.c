#define _GNU_SOURCE
#include "GuardTrial.h"

#include <CGPIOD.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What both processes see.
typedef struct {
  atomic_ulong levels, writes, guarded, late, writers;
} board;
static board *seen;

// Only the guard's writes have it in their mask.
static const uint64_t mark = (uint64_t)1 << 63;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int failures;
// Whether a thread's write takes until the guard is done; asked for, begun.
static bool stalls;
static atomic_bool stalling, stalled;

// Whether this write of the guard is one of those that fail.
static bool fails(uint64_t mask) {
  static _Thread_local int failed;
  if (failures < 0) return mask & 1;
  if (failed++ < failures) return true;
  failed = 0;
  return false;
}

// A level takes effect some time after a call has begun, now and then a millisecond.
static int write_lines(void *context, void *request, uint64_t levels, uint64_t mask) {
  (void)context, (void)request;
  if (mask & mark) {
    if (fails(mask)) return -EIO;
    atomic_fetch_and(&seen->levels, ~mask);
    atomic_fetch_or(&seen->levels, levels & mask & ~mark);
    atomic_store(&seen->late, 0);
    atomic_fetch_add(&seen->guarded, 1);
    return 0;
  }
  if (mask == 2 && atomic_load(&stalling)) {
    atomic_store(&stalled, true);
    // At rest, in guard.c.
    while (atomic_load(&cgpiod_ending) != 2) usleep(100);
  }
  static _Atomic uint32_t dice = 1;
  uint32_t drawn = atomic_fetch_add(&dice, 2654435761u) >> 20;
  for (int64_t end = now() + (drawn % 97 ? drawn : 1000000); now() < end;) {
  }
  atomic_fetch_or(&seen->levels, levels & mask);
  atomic_fetch_add(&seen->late, 1);
  atomic_fetch_add(&seen->writes, 1);
  return 0;
}

static cgpiod_calls calls = {.write = write_lines};

static int guarded_write(uint64_t bit) {
  int refused = cgpiod_enter();
  if (refused) return refused;
  int result = calls.write(calls.context, NULL, bit, bit);
  cgpiod_leave();
  return result;
}

static void *writes(void *bit) {
  guarded_write((uintptr_t)bit);
  atomic_fetch_add(&seen->writers, 1);
  for (;;) guarded_write((uintptr_t)bit);
  return NULL;
}

static void *hangs(void *bit) {
  (void)bit;
  cgpiod_enter();
  atomic_fetch_add(&seen->writers, 1);
  for (;;) pause();
  return NULL;
}

// As a crash reporter does.
static void report(int number) { (void)number; }

// Runs after the guard; others have time to write meanwhile.
static void last(void) {
  guarded_write(1);
  struct timespec time = {0, 3000000};
  nanosleep(&time, NULL);
  for (int64_t end = now() + 20000000000; stalls && atomic_load(&cgpiod_in_flight) && now() < end;)
    usleep(100);
}

// What is done to a deep place keeps the compiler from making a loop of this.
static int deeper(volatile char *above) {
  volatile char here[1024];
  here[0] = above ? above[0] : 0;
  return deeper(here) + here[0];
}

static void run(guard_trial trial) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // The threads that tests run on block signals.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_UNBLOCK, &all, NULL);
  static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGSYS, SIGQUIT};
  for (size_t index = 0; index < sizeof faults / sizeof *faults; index++)
    signal(faults[index], report);
  signal(SIGUSR1, SIG_DFL);
  atexit(last);
  cgpiod_guard rest = {.masks = {1 | mark, 2 | mark, ~(uint64_t)3}, .count = 3};
  static int request;
  if (!cgpiod_arm(&calls, &request, &rest)) _exit(98);
  int others = trial.threads + trial.hangs;
  for (int number = 0; number < others; number++) {
    pthread_t thread;
    void *bit = (void *)((uintptr_t)2 << number);
    if (pthread_create(&thread, NULL, number < trial.threads ? writes : hangs, bit)) _exit(97);
  }
  while (atomic_load(&seen->writers) < (unsigned)others) guarded_write(1);
  if (!trial.raised && !trial.overflows && trial.signal)
    atomic_fetch_add(&seen->writers, 1000);
  for (int64_t end = now() + trial.moment; now() < end;) guarded_write(1);
  atomic_store(&stalling, stalls);
  while (stalls && !atomic_load(&stalled)) usleep(100);
  if (!trial.signal) exit(0);
  if (trial.overflows) deeper(NULL);
  if (trial.raised) raise(trial.signal);
  // A program that was not ended goes on.
  for (int64_t end = now() + 5000000000; now() < end;) guarded_write(1);
  _exit(99);
}

guard_ending guard_try(guard_trial trial) { return guard_try_failing(trial, 0); }

guard_ending guard_try_stalling(guard_trial trial) {
  stalls = true;
  guard_ending ending = guard_try(trial);
  stalls = false;
  return ending;
}

guard_ending guard_try_failing(guard_trial trial, int number) {
  failures = number;
  seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int64_t start = now();
  pid_t child = fork();
  if (child == 0) {
    run(trial);
    _exit(96);
  }
  if (!trial.raised && !trial.overflows && trial.signal) {
    while (atomic_load(&seen->writers) < 1000 && now() < start + 20000000000) usleep(100);
    for (int64_t end = now() + trial.moment; now() < end;) {
    }
    start = now();
    kill(child, trial.signal);
  }
  guard_ending ending = {0};
  waitpid(child, &ending.status, 0);
  ending.duration = now() - start;
  ending.levels = seen->levels;
  ending.writes = seen->writes;
  ending.guarded = seen->guarded;
  ending.late = seen->late;
  munmap(seen, sizeof *seen);
  return ending;
}
