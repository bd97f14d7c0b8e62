#ifndef CGPIOD_LINES_H
#define CGPIOD_LINES_H

// Which libgpiod there is, and what both generations need.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

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

// The most lines of a request: bits of a word.
#define MOST 64

static inline void copy(char *to, size_t size, const char *from) {
  snprintf(to, size, "%s", from ? from : "");
}

static inline cgpiod_reading unread(void) { return (cgpiod_reading){.error = failure()}; }

// A measurement comes out of flight and back once in so many turns, so that the end of the program
// need not wait for it and it costs next to nothing.
static inline int next_turn(uint32_t turn) {
  if (turn % 64) return 0;
  if (turn) cgpiod_leave();
  return cgpiod_enter();
}

// The end of a measurement that failed in flight.
static inline int left(void) {
  int error = failure();
  cgpiod_leave();
  return error;
}

// The bits whose lines belong to a request.
static inline uint64_t own(const uint32_t *offsets, uint32_t count) {
  uint64_t mask = 0;
  for (uint32_t line = 0; line < count; line++)
    if (offsets[line] != cgpiod_elsewhere) mask |= (uint64_t)1 << line;
  return mask;
}

#endif
