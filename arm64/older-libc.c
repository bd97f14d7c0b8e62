// Six names that the C library of Debian 12 lacks and Swift's libraries, built with a newer one, ask
// for. They are linked in and seen by this program only.
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC visibility push(hidden)

// Those of the C of 2023 also read numbers in base 2 that begin with 0b; nothing here writes such.
long __isoc23_strtol(const char *text, char **end, int base) { return strtol(text, end, base); }

long long __isoc23_strtoll(const char *text, char **end, int base) {
  return strtoll(text, end, base);
}

unsigned long __isoc23_strtoul(const char *text, char **end, int base) {
  return strtoul(text, end, base);
}

int __isoc23_sscanf(const char *text, const char *format, ...) {
  va_list places;
  va_start(places, format);
  int count = vsscanf(text, format, places);
  va_end(places);
  return count;
}

size_t strlcpy(char *target, const char *source, size_t size) {
  size_t length = strlen(source);
  if (size > 0) {
    size_t copied = length < size ? length : size - 1;
    memcpy(target, source, copied);
    target[copied] = 0;
  }
  return length;
}

size_t strlcat(char *target, const char *source, size_t size) {
  size_t before = strnlen(target, size);
  return before + strlcpy(target + before, source, size - before);
}

#pragma GCC visibility pop
