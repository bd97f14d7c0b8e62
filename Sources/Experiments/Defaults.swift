import BoardDouble
import Files
import Portable
import Reports
import Runs
import Studies
import Targets

extension Experiment {
  /// The campaign that the rule's defaults are chosen by, and judged on what choosing did not see.
  static let defaults = Experiment(
    name: "defaults",
    about:
      "the defaults of rule and schedule against their neighbours, chosen on made-up tasks at "
      + "random places, judged on shipped tasks at other random places (ours)",
    seconds: 560
  ) { bench in
    var report = Report()
    var rows: [[CSV.Field]] = []
    var best: [String: (name: String, score: Double)] = [:]
    var usual: [String: Double] = [:]
    let sets = [
      ("choosing", try DefaultsTrial.choosing(bench)),
      ("judging", try DefaultsTrial.judging(bench)),
    ]
    for (set, trials) in sets {
      let bounds = try bench.map(trials) { try $0.bound() }
      let variants = bench.quick ? Array(DefaultsVariant.all.prefix(3)) : DefaultsVariant.all
      let pieces = variants.flatMap { variant in trials.map { (variant, $0) } }
      bench.tell("\(set): \(variants.count) variants on \(trials.count) boards")
      let scores = try bench.map(pieces) { try $1.score(of: $0, on: bench) }
      func means(_ own: [Double]) -> (right: Double, decades: Double) {
        let sorted = zip(trials, own)
        return (
          sorted.filter(\.0.isSorting).map(\.1).mean * 100,
          sorted.filter { !$0.0.isSorting }.map(\.1).mean
        )
      }
      let bound = means(bounds)
      rows.append(
        [.text(set), .text("exact gradient"), .number(bound.right), .number(bound.decades)])
      for (index, variant) in variants.enumerated() {
        let own = Array(scores[index * trials.count..<(index + 1) * trials.count])
        let mean = means(own)
        rows.append([
          .text(set), .quoted(variant.name), .number(mean.right), .number(mean.decades),
        ])
        bench.tell(
          "\(set): \(variant.name): right \(Format.significant(mean.right)) %, "
            + "\(Format.significant(mean.decades)) decades")
        // A point of accuracy counts as a twentieth of a decade.
        let score = mean.right / 20 + mean.decades
        if index == 0 { usual[set] = score }
        if score > best[set]?.score ?? -.infinity { best[set] = (variant.name, score) }
        if index == 0 {
          report.figures += [
            Figure("\(set): right, held out, default", mean.right, .percent),
            Figure("\(set): right, held out, exact gradient", bound.right, .percent),
            Figure("\(set): error lowered by, decades, default", mean.decades),
            Figure("\(set): error lowered by, decades, exact gradient", bound.decades),
          ]
          if set == "judging" {
            report.figures.append(
              Figure(
                "judging: default behind the exact gradient", bound.right - mean.right, .points,
                bound: bench.long(.value(-100...5))))
          }
        }
      }
    }
    for set in ["choosing", "judging"] {
      guard let best = best[set], let usual = usual[set] else { continue }
      report.remarks.append("Best of the \(set) set: \(best.name).")
      report.figures.append(
        Figure(
          "\(set): default behind the best variant, decades or 20 points", best.score - usual,
          bound: .value(0...(set == "choosing" ? 0.1 : 0.2))))
    }
    report.add("defaults.csv", columns: ["set", "variant", "right_percent", "decades"], rows: rows)
    return report
  }
}

/// A rule and schedule that might be the default.
private struct DefaultsVariant: Sendable {
  var name: String
  var rule: RuleSettings
  /// What differs from the plan that is usual for the rule.
  var change: @Sendable (inout Plan) -> Void

  init(_ name: String, _ change: (inout RuleSettings) -> Void = { _ in }) {
    self.name = name
    rule = Self.usual
    change(&rule)
    self.change = { _ in }
  }

  init(_ name: String, plan: @escaping @Sendable (inout Plan) -> Void) {
    self.name = name
    rule = Self.usual
    change = plan
  }

  init(_ name: String, named: RuleSettings.Name, balanced: Bool) {
    self.name = name
    rule = RuleSettings(name: named, update: .comparator, balanced: balanced)
      .fitted(to: .lattice(side: 4))
    change = { $0.keepsBest = true }
  }

  /// The default rule on lattices, whatever their size.
  private static let usual = RuleSettings(update: .comparator).fitted(to: .lattice(side: 4))

  /// The default first, then what differs from it in one thing.
  static let all: [DefaultsVariant] = [
    DefaultsVariant("default"),
    DefaultsVariant("unbalanced") { $0.balanced = false },
    DefaultsVariant("without dither") { $0 = $0.undithered(nudge: 32.0 / 129) },
    DefaultsVariant("without dither + nudge 0.5") { $0 = $0.undithered(nudge: 0.5) },
    DefaultsVariant("overclamped", named: .overclamped, balanced: false),
    DefaultsVariant("overclamped + balanced", named: .overclamped, balanced: true),
    DefaultsVariant("centred + balanced", named: .centred, balanced: true),
    DefaultsVariant("coupled", named: .coupled, balanced: false),
    DefaultsVariant("weighted") { $0.weighted = true },
    DefaultsVariant("normalised") { $0.normalised = true },
    DefaultsVariant("probability 0.25") { $0.probability = 0.25 },
    DefaultsVariant("probability 0.5") { $0.probability = 0.5 },
    DefaultsVariant("pulse 20 ms") { $0.pulse = 20e-3 },
    DefaultsVariant("pulse 40 ms") { $0.pulse = 40e-3 },
    DefaultsVariant("pulse 160 ms") { $0.pulse = 160e-3 },
    DefaultsVariant("pulse 320 ms") { $0.pulse = 320e-3 },
    DefaultsVariant("nudge 0.5") { $0.nudge = 0.5 },
    DefaultsVariant("no dead band") { $0.deadBand = 0 },
    DefaultsVariant("dead band 2 mV") { $0.deadBand = 2e-3 },
    DefaultsVariant("last pulse 0.2", plan: { $0.lastPulse = 0.2 }),
    DefaultsVariant("last pulse 0.01", plan: { $0.lastPulse = 0.01 }),
    DefaultsVariant("the last epoch's gates", plan: { $0.keepsBest = false }),
    DefaultsVariant("a third of the epochs", plan: { $0.epochs /= 3 }),
    DefaultsVariant(
      "a third + the last epoch's gates",
      plan: {
        $0.epochs /= 3
        $0.keepsBest = false
      }),
  ]
}

extension RuleSettings {
  /// The same without dither, half of the edges at a time.
  fileprivate func undithered(nudge: Double) -> RuleSettings {
    var other = self
    other.dithered = false
    other.nudge = nudge
    other.probability = 0.5
    other.deadBand = 0
    return other
  }
}

/// A board, a task at random places of it, and a seed.
private struct DefaultsTrial: Sendable {
  var board: BoardDescription
  var task: TaskDescription
  var seed: UInt64

  init(side: Int, task: TaskDescription, number: Int, seed: UInt64) {
    board = .lattice(side: side)
    self.task = task
    self.seed = seed
    // An even number of a candidate is a place anywhere on the board.
    let search = PlaceSearch(
      task: task, board: board,
      plan: Plan(rule: RuleSettings(update: .comparator), epochs: 1, seed: seed), extent: .brief)
    self.task = search.task(at: search.candidate(2 * number))
  }

  var isSorting: Bool { !task.classes.isEmpty }

  /// Made-up tasks on lattices of three sizes.
  static func choosing(_ bench: Bench) throws -> [DefaultsTrial] {
    let count = bench.quick ? 1 : 8
    return (0..<count).flatMap { number in
      (bench.quick ? [4] : [4, 5, 7]).flatMap { side in
        let seed = UInt64(500 + 10 * number + side)
        return [
          DefaultsTrial(side: side, task: .clusters(3, seed: seed), number: number, seed: seed),
          DefaultsTrial(side: side, task: .clusters(2, seed: seed), number: number, seed: seed),
          DefaultsTrial(side: side, task: .sums(seed: seed), number: number, seed: seed),
        ]
      }
    }
  }

  /// Shipped tasks, at places and on sizes that choosing did not see.
  static func judging(_ bench: Bench) throws -> [DefaultsTrial] {
    let iris = try TaskDescription.shipped("iris")
    let regression = try TaskDescription.shipped("regression")
    let count = bench.quick ? 1 : 20
    // Numbers 0 ... 19 and 40 ... 49 were seen while defaults were chosen.
    return (70..<70 + count).flatMap { number in
      let seed = UInt64(1 + number)
      return [
        DefaultsTrial(side: 4, task: iris, number: number, seed: seed),
        DefaultsTrial(side: 6, task: iris, number: number, seed: seed),
        DefaultsTrial(side: 8, task: regression, number: number, seed: seed),
      ]
    }
  }

  /// What the exact gradient reaches: the share of held-out samples that are right, or the decades
  /// by which the error falls.
  func bound() throws -> Double {
    let epochs = ExactBound.epochs(for: task, on: board, effort: 4e6)
    guard
      let bound = try ExactBound.reached(by: task, on: board, seed: seed, epochs: max(epochs, 20)),
      let start = try ExactBound.reached(by: task, on: board, seed: seed, epochs: 0)
    else { return 0 }
    return score(first: start.training.error, bound.testing ?? bound.training)
  }

  /// The same of a rule on the imperfect board.
  func score(of variant: DefaultsVariant, on bench: Bench) throws -> Double {
    var plan = Plan.usual(variant.rule, on: board, seed: seed)
    plan.epochs = isSorting ? 300 : bench.quick ? 200 : 1000
    variant.change(&plan)
    var session = try Session<DirectBoard>(description: board, task: task, plan: plan)
    session.keepsCurve = false
    try session.train(on: bench)
    let last = session.progress.last!
    return score(first: session.progress.first!.training.error, last.testing ?? last.training)
  }

  private func score(first: Double, _ last: Measures) -> Double {
    // No board is read better than to a tenth of a millivolt.
    last.accuracy ?? Elementary.log(first / max(last.error, 1e-8)) / Elementary.log(10)
  }
}

extension TaskDescription {
  /// Normal clusters in four columns, with complements and two constants.
  fileprivate static func clusters(_ count: Int, seed: UInt64) -> TaskDescription {
    let draw = Draw(seed: seed, purpose: 5001, device: UInt32(count))
    let columns = 4
    func centre(_ category: Int, _ column: Int) -> Double {
      0.3 + 0.4 * draw.uniform(UInt64(category * columns + column))
    }
    let samples = (0..<120).map { number in
      let category = number % count
      let values = (0..<columns).map { column in
        min(
          max(
            centre(category, column) + 0.1 * draw.normal(UInt64(1000 + number * columns + column)),
            0), 1)
      }
      return Sample(
        inputs: values.map { $0 * 0.45 } + values.prefix(2).map { (1 - $0) * 0.45 } + [0.45, 0],
        category: category)
    }
    return TaskDescription(
      name: "clusters-\(count)",
      inputs: (0..<8).map { (input: Int) in InputDescription(name: "x\(input)", column: input) },
      outputs: OutputDescription(count: count), objective: .hinge(margin: 0.012),
      classes: (0..<count).map { "c\($0)" }, samples: samples, training: 80)
  }

  /// A weighted mean of two inputs and a constant, of which some places can hold more than others.
  fileprivate static func sums(seed: UInt64) -> TaskDescription {
    let draw = Draw(seed: seed, purpose: 5002, device: 0)
    let weights = (0..<3).map { 0.15 + draw.uniform(UInt64($0)) }
    let sum = weights.reduce(0, +)
    let samples = (0..<12).map { number in
      let x = 0.4 * draw.uniform(UInt64(10 + 2 * number))
      let y = 0.4 * draw.uniform(UInt64(11 + 2 * number))
      let mean = (weights[0] * x + weights[1] * y + weights[2] * 0.45) / sum
      return Sample(inputs: [x, y, 0.45, 0], labels: [0.1 + 0.4 * mean])
    }
    return TaskDescription(
      name: "sums",
      inputs: (0..<4).map { (input: Int) in InputDescription(name: "x\(input)", column: input) },
      outputs: OutputDescription(count: 1), samples: samples)
  }
}
