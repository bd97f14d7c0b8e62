#ifndef GUARD_TRIAL_H
#define GUARD_TRIAL_H

// A program that holds lines, some of whose threads write as fast as they can, and its end: run in
// a process of its own, seen from outside.

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  // How it ends: a signal, or 0 for exit(0).
  int signal;
  // Whether its first thread raises the signal, between two writes of its own, or runs its stack
  // over; otherwise the signal is sent to the process.
  bool raised;
  bool overflows;
  // How many threads write beside the first, and whether one more is caught in a write for good.
  int threads;
  bool hangs;
  // How long all have been writing when it ends, ns.
  int64_t moment;
} guard_trial;

typedef struct {
  // What wait() tells.
  int status;
  // The levels at the end; the guard's are zero.
  uint64_t levels;
  // Writes by the program's threads, by the guard, and those of the former that took effect after
  // the last of the latter.
  uint64_t writes;
  uint64_t guarded;
  uint64_t late;
  // How long it took from the signal to the end, ns.
  int64_t duration;
} guard_ending;

guard_ending guard_try(guard_trial trial);

// The same where each of the guard's writes fails so many times before it takes effect; where the
// number is negative, those of the first line, LEARN, fail always.
guard_ending guard_try_failing(guard_trial trial, int failures);

// The same, ended by exit, where a write of the first of the other threads begins before the guard
// and takes effect after it.
guard_ending guard_try_stalling(guard_trial trial);

#endif
