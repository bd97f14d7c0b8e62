#ifndef CSHAREDMEMORY_H
#define CSHAREDMEMORY_H

// Memory that another process shares, and may take away: an access to a page that is no longer
// there, or that the system has no room for, is a bus error (SIGBUS), which by default ends the
// program.
//
// Here it ends nothing: the first bus error within a watched mapping puts empty memory in its
// place, so that the access goes on, and marks the mapping as lost. The user of a mapping asks for
// that mark after its accesses, and discards what it read. No code is jumped over. Bus errors
// anywhere else do what they would have done.

#include <stdbool.h>
#include <stddef.h>

// How many mappings can be watched at a time.
#define CSHAREDMEMORY_WATCHED 256

// Watches a mapping, all of it, from now on, for accesses by the thread that calls this. Returns
// its number, or -1 when too many are watched.
int csharedmemory_watch(void *base, size_t length);

// Whether a mapping was lost while it was watched. It stays lost.
bool csharedmemory_is_lost(int number);

// Watches a mapping no longer; call this before it is unmapped.
void csharedmemory_forget(int number);

// Whether a file is memory (memfd) that nobody can make shorter: its seals contain F_SEAL_SHRINK.
// Returns 1 or 0, or -1 for a file that is no such memory.
int csharedmemory_keeps_its_size(int file);

#endif
