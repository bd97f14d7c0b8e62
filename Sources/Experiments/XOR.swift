import Files
import Reports
import Runs

extension Experiment {
  /// Exclusive or with all imperfections.
  static let xor = Experiment(
    name: "xor",
    about: "exclusive or on two layers of comparator edges with all imperfections", seconds: 5
  ) { bench in
    var report = Report()
    let seeds = bench.quick ? 3 : 20
    let board = try BoardDescription.shipped("layered")
    let task = try TaskDescription.shipped("xor")
    let rule = RuleSettings(
      name: .overclamped, update: .comparator, nudge: 0.35, pulse: 50e-3, probability: 0.5,
      balanced: true)
    let results = try bench.map(bench.seeds(31...30 + seeds)) { seed in
      try bench.trained(
        board, task, plan: Plan(rule: rule, epochs: 4000, seed: UInt64(seed), lastPulse: 1))
    }
    report.figures = [
      Figure(
        "share of seeds with all four right",
        Double(results.count { $0.all.accuracy == 1 }) / Double(seeds), published: 0,
        bound: .value(0.9...1)),
      Figure(
        "mean error short of the 10 mV margin",
        results.map { $0.all.error.squareRoot() * 1000 }.mean, .millivoltsRMS,
        bound: .value(0...5)),
    ]
    report.remarks.append(
      "Published: a simulator of such boards solved 2 of 5 without noise and none with.")
    return report
  }
}
