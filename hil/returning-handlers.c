// A crash reporter that reports and returns, as Swift's does: handlers of SIGQUIT and SIGABRT that
// are there before the program's first line. Loaded in the simulated computer by LD_PRELOAD.

#include <signal.h>
#include <unistd.h>

static void report(int number) {
  (void)number;
  static const char text[] = "Program crashed\n";
  if (write(STDERR_FILENO, text, sizeof text - 1) < 0) return;
}

__attribute__((constructor)) static void start(void) {
  signal(SIGQUIT, report);
  signal(SIGABRT, report);
}
