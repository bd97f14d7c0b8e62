// The work that is timed, the same for every solver: a training step of coupled learning on a periodic square
// lattice, every gate moved in every step, two input patterns in turn, fifty steps from a reset.
//
// Nodes r L + c; edges (node, right), (node, below). A draw an edge, x <- 1664525 x + 1013904223 mod 2^32 from
// 12345, u = x / 2^32. Resistors g = 0.1 + 0.9 u S; transistors in the triode region, gate 1.5 + 2.5 u V,
// I = K (Vg - Vt - (Va + Vb)/2) (Va - Vb). Driven: 0, N/3, 2N/3; learned: N/2 and N-1.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

struct Workload {
  static constexpr double nudge = 0.1, strength = 1e-3, threshold = 0.7;
  static constexpr int steps = 50;
  int side, nodes;
  bool transistors;
  std::vector<int> from, to;
  std::vector<double> start;
  int driven[3], learned[2];

  Workload(int side, bool transistors) : side(side), nodes(side * side), transistors(transistors) {
    for (int r = 0; r < side; r++)
      for (int c = 0; c < side; c++) {
        from.push_back(r * side + c), to.push_back(r * side + (c + 1) % side);
        from.push_back(r * side + c), to.push_back((r + 1) % side * side + c);
      }
    uint32_t x = 12345;
    for (size_t e = 0; e < from.size(); e++) {
      x = 1664525u * x + 1013904223u;
      double u = x / 4294967296.0;
      start.push_back(transistors ? 1.5 + 2.5 * u : 0.1 + 0.9 * u);
    }
    driven[0] = 0, driven[1] = nodes / 3, driven[2] = 2 * nodes / 3;
    learned[0] = nodes / 2, learned[1] = nodes - 1;
  }

  double input(int step, int which) const {
    static const double patterns[2][3] = {{0, 0.45, 0.2}, {0.1, 0.05, 0.4}};
    return patterns[step % 2][which];
  }
  double target(int step, int which) const {
    static const double patterns[2][2] = {{0.2, 0.3}, {0.15, 0.25}};
    return patterns[step % 2][which];
  }
  double moved(double gate, double free, double clamped) const {
    double change = clamped * clamped - free * free;
    return transistors ? std::clamp(gate - 1e-2 / nudge * change, 1.5, 6.0)
                       : std::clamp(gate - 0.05 / nudge * change, 1e-3, 10.0);
  }
};

// A network some of whose nodes are driven, for a solver `System` of symmetric linear systems: it is told the places
// of the matrix once, then takes values and solves. Transistors are solved by Picard's iteration, whose matrix
// stays symmetric; it takes about a third more solutions than Newton's here.
template <class System> struct Network {
  const Workload &work;
  std::vector<int> place, node;
  struct Entry { int a, b, between; };
  std::vector<Entry> entries;
  std::vector<double> volts, conductance, right;
  System system;

  Network(const Workload &work, const std::vector<int> &driven)
      : work(work), place(work.nodes, 0), volts(work.nodes, 0), conductance(work.from.size()) {
    for (int n : driven) place[n] = -1;
    for (int n = 0; n < work.nodes; n++)
      if (place[n] == 0) place[n] = node.size(), node.push_back(n);
    right.resize(node.size());
    std::vector<std::pair<int, int>> places;
    for (size_t i = 0; i < node.size(); i++) places.emplace_back(i, i);
    for (size_t e = 0; e < work.from.size(); e++) {
      int i = place[work.from[e]], j = place[work.to[e]];
      if (i >= 0 && j >= 0) places.emplace_back(std::max(i, j), std::min(i, j));
    }
    system.analyse(node.size(), places);
    for (size_t e = 0; e < work.from.size(); e++) {
      int i = place[work.from[e]], j = place[work.to[e]];
      entries.push_back({i < 0 ? -1 : system.find(i, i), j < 0 ? -1 : system.find(j, j),
                         i < 0 || j < 0 ? -1 : system.find(std::max(i, j), std::min(i, j))});
    }
  }

  void linear() {
    double *values = system.clear();
    std::fill(right.begin(), right.end(), 0.0);
    for (size_t e = 0; e < entries.size(); e++) {
      const Entry &at = entries[e];
      double g = conductance[e];
      if (at.a >= 0) values[at.a] += g;
      if (at.b >= 0) values[at.b] += g;
      if (at.between >= 0) values[at.between] -= g;
      else if (at.a >= 0) right[place[work.from[e]]] += g * volts[work.to[e]];
      else if (at.b >= 0) right[place[work.to[e]]] += g * volts[work.from[e]];
    }
    const double *solution = system.solve(right.data());
    for (size_t i = 0; i < node.size(); i++) volts[node[i]] = solution[i];
  }

  std::vector<double> before;
  void solve(const std::vector<double> &gates) {
    if (!work.transistors) {
      conductance = gates;
      return linear();
    }
    for (int turn = 0; turn < 60; turn++) {
      for (size_t e = 0; e < gates.size(); e++)
        conductance[e] = Workload::strength *
                         (gates[e] - Workload::threshold - 0.5 * (volts[work.from[e]] + volts[work.to[e]]));
      before = volts;
      linear();
      double most = 0;
      for (int n = 0; n < work.nodes; n++) most = std::max(most, std::abs(volts[n] - before[n]));
      if (most < 1e-10) break;
    }
  }
};

// Fifty steps, and what they end with.
template <class System> void run(const char *name, int side, bool transistors) {
  using clock = std::chrono::steady_clock;
  auto seconds = [](clock::duration d) { return std::chrono::duration<double>(d).count(); };
  Workload work(side, transistors);
  std::vector<int> driven(work.driven, work.driven + 3), all = driven;
  all.insert(all.end(), work.learned, work.learned + 2);
  auto begun = clock::now();
  Network<System> free(work, driven), clamped(work, all);
  double setup = seconds(clock::now() - begun);
  std::vector<double> gates, times;
  for (int turn = 0; turn < 5; turn++) {
    gates = work.start;
    std::fill(free.volts.begin(), free.volts.end(), 0.0);
    std::fill(clamped.volts.begin(), clamped.volts.end(), 0.0);
    begun = clock::now();
    for (int step = 0; step < Workload::steps; step++) {
      for (int i = 0; i < 3; i++)
        free.volts[work.driven[i]] = clamped.volts[work.driven[i]] = work.input(step, i);
      free.solve(gates);
      for (int i = 0; i < 2; i++) {
        double volts = free.volts[work.learned[i]];
        clamped.volts[work.learned[i]] = volts + Workload::nudge * (work.target(step, i) - volts);
      }
      clamped.solve(gates);
      for (size_t e = 0; e < gates.size(); e++)
        gates[e] = work.moved(gates[e], free.volts[work.from[e]] - free.volts[work.to[e]],
                              clamped.volts[work.from[e]] - clamped.volts[work.to[e]]);
    }
    times.push_back(seconds(clock::now() - begun) / Workload::steps);
  }
  std::sort(times.begin(), times.end());
  double sum = 0;
  // Weighted, so that errors of two gates do not cancel.
  for (size_t e = 0; e < gates.size(); e++) sum += gates[e] * (1 + e % 7);
  std::printf("{\"solver\": \"%s\", \"elements\": \"%s\", \"nodes\": %d, \"edges\": %zu, \"setup_ms\": %.3f, "
              "\"step_us\": %.3f, \"fastest_us\": %.3f, \"slowest_us\": %.3f, \"volts\": [%.12f, %.12f], \"gates\": %.10f}\n",
              name, transistors ? "transistors" : "resistors", work.nodes, work.from.size(), setup * 1e3,
              times[2] * 1e6, times[0] * 1e6, times[4] * 1e6, free.volts[work.learned[0]], free.volts[work.learned[1]], sum);
  std::fflush(stdout);
}
