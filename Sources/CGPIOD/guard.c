// The guard: whatever ends the program puts its lines to rest first.
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

// What is written at the end, for each of the requests that are open.
static struct {
  cgpiod_calls calls;
  cgpiod_guard writes;
  // Set last and cleared first: a handler may come between any two statements.
  _Atomic(void *) request;
} guarded[CGPIOD_GUARDED];

// How far the end is: one thread goes from one to the next, and none back.
enum { RUNNING, RESTING, AT_REST };
atomic_int cgpiod_ending = RUNNING;
atomic_int cgpiod_in_flight;
_Thread_local atomic_int cgpiod_own = INT_MIN;
// Whether it is this thread that ends the program; its own handlers read it too.
static _Thread_local volatile sig_atomic_t ends __attribute__((tls_model("initial-exec")));

// A handler may use no atomic that takes a lock.
_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_POINTER_LOCK_FREE == 2, "atomics take no lock");

// A write that fails is tried again, a millisecond later, for its cause may pass; the next is made
// in any case. Safe in a signal's handler.
enum { TRIES = 5 };

static void write_rest(const cgpiod_calls *calls, void *request, const cgpiod_guard *writes) {
  for (uint32_t write = 0; write < writes->count && write < CGPIOD_GUARD_WRITES; write++)
    for (int tries = 1; calls->write(calls->context, request, writes->levels[write],
                                     writes->masks[write]) != 0 &&
                        tries < TRIES;
         tries++) {
      struct timespec moment = {0, 1000000};
      nanosleep(&moment, NULL);
    }
}

static void put_to_rest(int index) {
  void *request = atomic_load(&guarded[index].request);
  if (request) write_rest(&guarded[index].calls, request, &guarded[index].writes);
}

static sigset_t hold_signals(void) {
  sigset_t all, held;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &held);
  return held;
}

// For a thread that may write nothing any more, while another ends the program.
_Noreturn static void stand_still(void) {
  hold_signals();
  for (;;) pause();
}

// What other threads began before the end did is on its way to the kernel.
static void wait_for_others(void) {
  int own = atomic_load(&cgpiod_own);
  if (own < 0) own = 0;
  int64_t until = cgpiod_now() + 100000000;
  while (atomic_load(&cgpiod_in_flight) > own && cgpiod_now() < until) {
    struct timespec moment = {0, 50000};
    nanosleep(&moment, NULL);
  }
}

// Puts all lines to rest for good; returns in one thread only. A signal that came in between would
// end the program with half of it written.
static void begin_end(void) {
  if (ends) return;
  sigset_t held = hold_signals();
  int running = RUNNING;
  if (!atomic_compare_exchange_strong(&cgpiod_ending, &running, RESTING)) {
    // Another thread is doing this, or has done it and is busy with the rest of exit().
    if (running == RESTING) stand_still();
    pthread_sigmask(SIG_SETMASK, &held, NULL);
    return;
  }
  ends = 1;
  int saved = errno;
  for (int index = 0; index < CGPIOD_GUARDED; index++) put_to_rest(index);
  wait_for_others();
  for (int index = 0; index < CGPIOD_GUARDED; index++) put_to_rest(index);
  errno = saved;
  atomic_store(&cgpiod_ending, AT_REST);
  pthread_sigmask(SIG_SETMASK, &held, NULL);
}

void cgpiod_end(int number) {
  begin_end();
  // By the default action, not by the handler that was there before us: that might return, as a
  // crash reporter does, and the program would go on with nothing to put its lines to rest.
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
  raise(number);
  _exit(128 + number);
}

void cgpiod_quit(int code) {
  begin_end();
  _exit(code);
}

void cgpiod_disarm(void *request) {
  sigset_t held = hold_signals();
  for (int index = 0; index < CGPIOD_GUARDED; index++) {
    if (atomic_load(&guarded[index].request) != request) continue;
    cgpiod_calls calls = guarded[index].calls;
    cgpiod_guard writes = guarded[index].writes;
    // A thread that ends the program from here on either waits for this write, or still has the
    // request.
    atomic_fetch_add(&cgpiod_in_flight, 1);
    atomic_store(&guarded[index].request, NULL);
    if (!ends) write_rest(&calls, request, &writes);
    atomic_fetch_sub(&cgpiod_in_flight, 1);
    // In the other thread's hands, the request must not be released.
    if (!ends && atomic_load(&cgpiod_ending)) stand_still();
    break;
  }
  pthread_sigmask(SIG_SETMASK, &held, NULL);
}

// MARK: - A stack for the handlers

enum { ROOM = 65536 };
static pthread_key_t rooms;
static pthread_once_t has_rooms = PTHREAD_ONCE_INIT;

static void give_room_back(void *room) {
  stack_t none = {.ss_flags = SS_DISABLE};
  sigaltstack(&none, NULL);
  munmap(room, ROOM);
}

static void make_rooms(void) { pthread_key_create(&rooms, give_room_back); }

// A stack that has run over has no room for a handler. A thread that has a stack for handlers
// already keeps it.
static void make_room(void) {
  stack_t found;
  if (sigaltstack(NULL, &found) < 0) return;
  if (!(found.ss_flags & SS_DISABLE) && found.ss_size >= ROOM / 4) return;
  void *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return;
  stack_t stack = {.ss_sp = room, .ss_size = ROOM};
  if (sigaltstack(&stack, NULL) < 0) {
    munmap(room, ROOM);
    return;
  }
  pthread_once(&has_rooms, make_rooms);
  pthread_setspecific(rooms, room);
}

void cgpiod_leave_late(void) {
  if (ends) return;
  sigset_t held = hold_signals();
  for (int index = 0; index < CGPIOD_GUARDED; index++) put_to_rest(index);
  pthread_sigmask(SIG_SETMASK, &held, NULL);
}

int cgpiod_enter_slowly(void) {
  if (atomic_load(&cgpiod_own) <= 0) {
    atomic_store(&cgpiod_own, 1);
    make_room();
  }
  if (!atomic_load(&cgpiod_ending)) return 0;
  if (!ends) {
    // It has written nothing that it would have to put to rest.
    atomic_fetch_sub(&cgpiod_in_flight, 1);
    stand_still();
  }
  cgpiod_leave();
  return -ECANCELED;
}

// MARK: - Watching

static void end(int number) { cgpiod_end(number); }

static void end_by_exit(void) { begin_end(); }

// Catches whatever ends a program and can be caught. SIGINT, SIGTERM and SIGHUP are the program's
// own; of the others, those that are handled or ignored already are left as they are, but for
// faults.
static void watch(void) {
  static const int left[] = {SIGINT,  SIGTERM, SIGHUP,  SIGCHLD, SIGCONT, SIGURG,
                             SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU, SIGSTOP, SIGKILL};
  static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGSYS, SIGQUIT};
  for (int number = 1; number <= SIGRTMAX; number++) {
    bool is_left = false, is_fault = false;
    for (size_t index = 0; index < sizeof left / sizeof *left; index++)
      is_left |= left[index] == number;
    for (size_t index = 0; index < sizeof faults / sizeof *faults; index++)
      is_fault |= faults[index] == number;
    struct sigaction before;
    if (is_left || sigaction(number, NULL, &before) < 0) continue;
    // Faults are taken from any handler that has them: Swift's crash reporter handles SIGQUIT and
    // SIGABRT and returns, and a shell has its background jobs ignore SIGQUIT.
    if (!is_fault && before.sa_handler != SIG_DFL) continue;
    struct sigaction action = {.sa_handler = end, .sa_flags = SA_ONSTACK};
    sigfillset(&action.sa_mask);
    sigaction(number, &action, NULL);
  }
  atexit(end_by_exit);
}

bool cgpiod_arm(const cgpiod_calls *calls, void *request, const cgpiod_guard *guard) {
  static atomic_flag claims = ATOMIC_FLAG_INIT;
  // Gives this thread its stack, too; and there is nothing to arm for once the end has begun.
  if (cgpiod_enter()) return false;
  while (atomic_flag_test_and_set(&claims)) {
  }
  int index = 0;
  while (index < CGPIOD_GUARDED && atomic_load(&guarded[index].request)) index++;
  if (index < CGPIOD_GUARDED) {
    guarded[index].calls = *calls;
    guarded[index].writes = *guard;
    atomic_store(&guarded[index].request, request);
    static bool watched;
    if (!watched) watch();
    watched = true;
  }
  atomic_flag_clear(&claims);
  cgpiod_leave();
  return index < CGPIOD_GUARDED;
}
