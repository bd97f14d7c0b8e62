// Times the work on libngspice, in this process: the network loaded once, twin by twin in one deck, inputs, clamps and
// gates altered, an operating point for the free and one for the clamped network.
//
//   spice SIDE resistors|transistors
#include "workload.hpp"
#include <cstring>
#include <string>
#include <ngspice/sharedspice.h>

static int say(char *, int, void *) { return 0; }
static int leave(int, bool, bool, int, void *) { return 0; }
static void order(const std::string &line) { ngSpice_Command(const_cast<char *>(line.c_str())); }

int main(int count, char **words) {
  if (count != 3) return std::fprintf(stderr, "usage: spice SIDE resistors|transistors\n"), 64;
  Workload work(std::atoi(words[1]), !std::strcmp(words[2], "transistors"));
  ngSpice_Init(say, say, leave, nullptr, nullptr, nullptr, nullptr);
  char text[256];
  std::vector<std::string> deck = {"* work"};
  auto add = [&](auto... values) { std::snprintf(text, sizeof text, values...), deck.push_back(text); };
  if (work.transistors) add(".model m nmos(level=1 vto=%g kp=%g gamma=0 lambda=0 is=1e-30)", Workload::threshold, Workload::strength);
  for (size_t e = 0; e < work.from.size(); e++)
    if (work.transistors) {
      add("vg%zu g%zu 0 %.17g", e, e, work.start[e]);
      add("m%zu n%d g%zu n%d 0 m w=1u l=1u", e, work.from[e], e, work.to[e]);
    } else add("r%zu n%d n%d %.17g", e, work.from[e], work.to[e], 1 / work.start[e]);
  for (int i = 0; i < 3; i++) add("vin%d n%d 0 0", i, work.driven[i]);
  for (int i = 0; i < 2; i++) add("rc%d n%d c%d 1e12", i, work.learned[i], i), add("vc%d c%d 0 0", i, i);
  add(".options noacct reltol=1e-6"), add(".end");
  std::vector<char *> lines;
  for (auto &line : deck) lines.push_back(line.data());
  lines.push_back(nullptr);
  auto now = [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
  double begun = now();
  ngSpice_Circ(lines.data());
  double setup = now() - begun;
  std::vector<double> free(work.nodes), clamped(work.nodes), gates, times;
  auto operate = [&](std::vector<double> &volts) {
    order("op");
    for (int n = 0; n < work.nodes; n++) {
      std::snprintf(text, sizeof text, "n%d", n);
      volts[n] = ngGet_Vec_Info(text)->v_realdata[0];
    }
    order("destroy all");
  };
  auto alter = [&](auto... values) { std::snprintf(text, sizeof text, values...), order(text); };
  for (int turn = 0; turn < 5; turn++) {
    gates = work.start;
    for (size_t e = 0; e < gates.size(); e++)
      work.transistors ? alter("alter vg%zu dc = %.17g", e, gates[e]) : alter("alter r%zu %.17g", e, 1 / gates[e]);
    begun = now();
    for (int step = 0; step < Workload::steps; step++) {
      for (int i = 0; i < 3; i++) alter("alter vin%d dc = %.17g", i, work.input(step, i));
      alter("alter rc0 1e12"), alter("alter rc1 1e12");
      operate(free);
      for (int i = 0; i < 2; i++) {
        double volts = free[work.learned[i]];
        alter("alter rc%d 1e-6", i);
        alter("alter vc%d dc = %.17g", i, volts + Workload::nudge * (work.target(step, i) - volts));
      }
      operate(clamped);
      for (size_t e = 0; e < gates.size(); e++) {
        gates[e] = work.moved(gates[e], free[work.from[e]] - free[work.to[e]], clamped[work.from[e]] - clamped[work.to[e]]);
        work.transistors ? alter("alter vg%zu dc = %.17g", e, gates[e]) : alter("alter r%zu %.17g", e, 1 / gates[e]);
      }
    }
    times.push_back((now() - begun) / Workload::steps);
  }
  std::sort(times.begin(), times.end());
  double sum = 0;
  for (size_t e = 0; e < gates.size(); e++) sum += gates[e] * (1 + e % 7);
  std::printf("{\"solver\": \"libngspice\", \"elements\": \"%s\", \"nodes\": %d, \"edges\": %zu, \"setup_ms\": %.3f, "
              "\"step_us\": %.3f, \"fastest_us\": %.3f, \"slowest_us\": %.3f, \"volts\": [%.12f, %.12f], \"gates\": %.10f}\n",
              work.transistors ? "transistors" : "resistors", work.nodes, work.from.size(), setup * 1e3, times[2] * 1e6,
              times[0] * 1e6, times[4] * 1e6, free[work.learned[0]], free[work.learned[1]], sum);
}
