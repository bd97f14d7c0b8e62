#define _GNU_SOURCE
#include "CSharedMemory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

static struct {
  char *base;
  size_t length;
  bool is_watched;
  atomic_bool is_lost;
} watched[CSHAREDMEMORY_WATCHED];

// Guards the table. A thread that holds it touches no watched memory, so that the handler, which
// runs in the thread that did, never waits for itself.
static atomic_flag claims = ATOMIC_FLAG_INIT;

static void claim(void) {
  while (atomic_flag_test_and_set_explicit(&claims, memory_order_acquire)) {
  }
}

static void yield_claim(void) { atomic_flag_clear_explicit(&claims, memory_order_release); }

static struct sigaction before;

// Puts empty memory in the place of the mapping that an address lies in, the whole of it: pages may
// be huge ones, and nobody wants the rest.
static bool replace(char *address) {
  bool is_done = false;
  claim();
  for (int number = 0; number < CSHAREDMEMORY_WATCHED; number++) {
    char *base = watched[number].base;
    size_t length = watched[number].length;
    if (!watched[number].is_watched || address < base || address >= base + length) continue;
    // The mark comes first: what is read from now on must not be trusted.
    atomic_store(&watched[number].is_lost, true);
    is_done = mmap(base, length, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
    break;
  }
  yield_claim();
  return is_done;
}

static void on_bus_error(int number, siginfo_t *information, void *context) {
  int saved = errno;
  // Only what an access of this thread has caused has an address to look at.
  int code = information->si_code;
  bool is_access = code == BUS_ADRALN || code == BUS_ADRERR || code == BUS_OBJERR ||
                   code == BUS_MCEERR_AR;
  bool is_done = is_access && replace(information->si_addr);
  errno = saved;
  if (is_done) return;
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, information, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  } else {
    // The access is tried again, and fails as it would have without us; a signal that was sent is
    // sent again.
    signal(number, SIG_DFL);
    if (!is_access) raise(number);
  }
}

static void install(void) {
  struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, NULL, &before);
  sigaction(SIGBUS, &action, NULL);
}

int csharedmemory_watch(void *base, size_t length) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  // A bus error in a thread that blocks it ends the program whatever is installed.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGBUS);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  int found = -1;
  claim();
  for (int number = 0; number < CSHAREDMEMORY_WATCHED && found < 0; number++) {
    if (watched[number].is_watched) continue;
    watched[number].base = base;
    watched[number].length = length;
    atomic_store(&watched[number].is_lost, false);
    watched[number].is_watched = true;
    found = number;
  }
  yield_claim();
  return found;
}

bool csharedmemory_is_lost(int number) { return atomic_load(&watched[number].is_lost); }

void csharedmemory_forget(int number) {
  claim();
  watched[number].is_watched = false;
  yield_claim();
}

int csharedmemory_keeps_its_size(int file) {
  int seals = fcntl(file, F_GET_SEALS);
  return seals < 0 ? -1 : (seals & F_SEAL_SHRINK) != 0;
}
