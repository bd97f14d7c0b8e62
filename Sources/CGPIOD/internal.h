#ifndef CGPIOD_INTERNAL_H
#define CGPIOD_INTERNAL_H

// What the files of this module have in common.

#include <errno.h>

#include "CGPIOD.h"

// These are not visible outside the module.
#pragma GCC visibility push(hidden)

// Each puts its own calls into the table: for lines the one of gpiod0.c, gpiod1.c and gpiod2.c that
// the libgpiod at hand asks for; for the serial bus spidev.c.
void cgpiod_add_lines(cgpiod_calls *calls);
void cgpiod_add_bus(cgpiod_calls *calls);

// The kernel's monotonic clock, ns. Safe in a signal's handler.
int64_t cgpiod_now(void);

#pragma GCC visibility pop

// What a call that failed answers.
static inline int failure(void) { return errno ? -errno : -EIO; }

#endif
