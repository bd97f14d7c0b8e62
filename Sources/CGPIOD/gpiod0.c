// Lines without libgpiod: every call answers -ENOSYS.
#include "lines.h"

#if GENERATION == 0

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

void cgpiod_add_lines(cgpiod_calls *calls) {
  calls->chip = tell_chip;
  calls->line = tell_line;
  calls->open = open_lines;
  calls->write = write_lines;
  calls->read = read_lines;
  calls->close = close_lines;
}

#endif
