#if Simulation
import ArgumentParser
import Circuit
import Files
import Models
import Reports
import Runs
import BoardDouble
import Studies

struct GradientCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradient",
    abstract: "Compares learning rules with the exact gradient, and says what costs them.",
    discussion: """
      For each rule of the equilibrium family: its cosine with the exact gradient of the task's cost by
      the gates, once each cause has been added to those before it, and the relative error of the
      last, at the best scale. A negative nudge beyond its bound is refused with the bound.
      """)
  @Option(help: "The board: a name in board/ or a file.")
  var board = "lattice"
  @Option(help: "The task: a name in task/ or a file.")
  var task = "iris"
  @Option(parsing: .unconditional, help: "The seed of the board's parts.")
  var seed: UInt64 = 1
  @Option(
    parsing: .unconditional,
    help: "The voltage of every gate, V (0 ... 5.5); default the board's initial one.")
  var gate: Double?
  @Option(
    help: "The record.json or gates.json, or the folder, whose learned gates are taken instead.")
  var record: String?
  @Option(
    parsing: .unconditional,
    help: "How many of the task's samples count, evenly spread; default all.")
  var samples: Int?
  @Option(parsing: .unconditional, help: "The nudge eta of the clamping rules, above 0, up to 1.")
  var nudge = 0.5
  @Option(
    parsing: .unconditional,
    help: "The nudge beta of equilibrium propagation, S, above 0; default a tenth of its bound.")
  var beta: Double?
  @Option(
    parsing: .unconditional,
    help: .init(
      "The stiffness K of one more clamp, S, above 0; default the board's clamp.", valueName: "K"))
  var stiffness: Double?
  @Flag(help: "Switch all of the board's imperfections off.")
  var ideal = false

  @Flag(
    help: "Print the exact gradient too: each edge's gate, V, and the slope of the cost, V^2/V.")
  var edges = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try Limits.check(nudge, "--nudge", 0, 1)
    try Limits.check(beta, "--beta", 0, 1000)
    try Limits.check(stiffness, "--stiffness", 0, 1e6)
    if let gate, !(gate >= 0 && gate <= 5.5) {
      throw ValidationError("--gate is \(gate); allowed is 0 ... 5.5 V")
    }
    if gate != nil && record != nil {
      throw ValidationError("--gate cannot go with --record: both give the gates; leave one out")
    }
    if let samples, samples < 1 {
      throw ValidationError("--samples is \(samples); allowed is 1 and more")
    }
  }

  func run() throws {
    try Exits.catching {
      var description = try BoardDescription.named(board)
      if ideal { description.imperfections = .none }
      let task = try TaskDescription.named(task)
      let place = try task.place(on: description)
      let analog = try AnalogBoard(
        description: description, seed: seed, sources: place.sources, targets: place.targets)
      var gates = [Double](
        repeating: gate ?? description.gates.initial, count: analog.learningEdges.count)
      if let record {
        gates = try LearnedGates.gates(at: record, for: description)
      }
      let count = min(samples ?? task.samples.count, task.samples.count)
      let comparison = try GradientComparison(
        board: analog, task: task, gates: gates,
        samples: (0..<count).map { $0 * task.samples.count / count })
      if comparison.active == 0 {
        try output.show(
          head(task, description, count, comparison, gates),
          text:
            "Every one of \(count) samples costs nothing: there is no gradient to compare with.\n")
        return
      }
      let beta = beta ?? comparison.bound / 10
      let own = stiffness ?? 1 / max(description.clampOhms, BoardDescription.leastClampOhms)
      func clamp(_ stiffness: Double) throws -> EquilibriumRule {
        try EquilibriumRule(order: 2, stiffness: stiffness, nudge: nudge)
      }
      let rules: [(name: String, rule: EquilibriumRule)] = [
        ("EP, beta \(Format.significant(beta)) S", .equilibriumPropagation(beta: beta)),
        ("EP, negative", .equilibriumPropagation(beta: beta, side: .negative)),
        ("EP, centred", .equilibriumPropagation(beta: beta, side: .centred)),
        ("clamp of \(Format.significant(1 / own)) ohm", try clamp(own)),
        ("CL, eta \(Format.significant(nudge))", try clamp(.infinity)),
        ("CL, centred", .coupledLearning(nudge: nudge, side: .centred)),
      ]
      let causes = GradientComparison.Cause.allCases
      var rows: [[String]] = []
      var found: [JSONValue] = []
      for (name, rule) in rules {
        let stages = try comparison.stages(of: rule)
        let cells = causes.map { cause in
          stages.first { $0.cause == cause }.map { Format.fixed($0.likeness.cosine) } ?? "-"
        }
        let analogue = stages.last { $0.cause != .sign }
        rows.append([name] + cells + [analogue.map { Format.fixed($0.likeness.error) } ?? "-"])
        let cosines = stages.map { ($0.cause.rawValue, JSONValue($0.likeness.cosine)) }
        found.append([
          "rule": JSONValue(name), "cosines": .object(Dictionary(cosines) { $1 }),
          "relative_error": JSONValue(analogue?.likeness.error),
        ])
      }
      guard case .object(var members) = head(task, description, count, comparison, gates)
      else { return }
      members["rules"] = .list(found)
      try output.show(
        .object(members),
        text: slopes(description, count, comparison, gates)
          + TextTable(
            title:
              "\(task.name) on \(description.name), seed \(seed): cosine with the exact gradient "
              + "over \(comparison.active) of \(count) samples\nthat cost something; from left to "
              + "right each cause is added to those before it. lambda_min(S) = "
              + "\(Format.significant(comparison.bound)) S.",
            head: ["rule"] + causes.map(\.rawValue) + ["relative error"], rows: rows
          ).text)
    }
  }

  /// What the comparison is of, as JSON.
  private func head(
    _ task: TaskDescription, _ board: BoardDescription, _ count: Int,
    _ comparison: GradientComparison, _ gates: [Double]
  ) -> JSONValue {
    let names = board.learningEdges.map(\.name)
    return [
      "task": JSONValue(task.name), "board": JSONValue(board.name), "seed": JSONValue(seed),
      "samples": JSONValue(count), "samples_that_cost": JSONValue(comparison.active),
      "lambda_min_S": JSONValue(comparison.bound),
      "gradient": .list(
        zip(comparison.edges, comparison.exact).map { edge, slope in
          [
            "edge": JSONValue(names[edge]), "gate_V": JSONValue(gates[edge]),
            "gradient_V2_per_V": JSONValue(slope),
          ]
        }),
    ]
  }

  /// The exact gradient as a table; nothing where it was not asked for.
  private func slopes(
    _ board: BoardDescription, _ count: Int, _ comparison: GradientComparison, _ gates: [Double]
  ) -> String {
    guard edges else { return "" }
    let names = board.learningEdges.map(\.name)
    return TextTable(
      title:
        "The exact gradient of the mean cost of \(comparison.active) of \(count) samples:",
      head: ["edge", "gate (V)", "gradient (V^2/V)"],
      rows: zip(comparison.edges, comparison.exact).map { edge, slope in
        [names[edge], Format.fixed(gates[edge], decimals: 4), Format.significant(slope)]
      }
    ).text + "\n"
  }
}
#endif
