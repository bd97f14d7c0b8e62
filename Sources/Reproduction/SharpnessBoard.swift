import Description
import Firmware
import Learning
import Models
import VirtualBoard

/// Digits trained in silico in several ways with the same optimiser and epochs, programmed by
/// pulses: transfer to boards with fresh mismatch, and drift after deployment.
public func reproduceBoardTransfer(_ context: ExperimentContext) throws -> ExperimentResult {
  var result = ExperimentResult()
  let epochs = 8
  let seeds = 2
  let boards = 20
  typealias Board = ProgrammedBoard<VirtualBoard>
  let methods: [(name: String, robustness: Robustness, inSitu: Bool)] = [
    ("plain", .plain, false), ("noise 0.1 V", .noise(0.1), false),
    ("SAM rho 0.5 V", .sharpness(rho: 0.5, adaptive: false), false),
    ("adaptive SAM rho 0.3", .sharpness(rho: 0.3, adaptive: true), false),
    ("physics-aware on one board", .plain, true),
    ("SAM in situ on one board", .sharpness(rho: 0.5, adaptive: false), true),
    ("SAT, temperature +-20 K", .temperature(swing: 20, rho: 0), false),
  ]
  let conditions: [(name: String, change: @Sendable (Board) throws -> Board)] = [
    ("as programmed", { $0 }),
    ("-20 K", { try $0.moved(temperatureRise: -20) }),
    ("+20 K", { try $0.moved(temperatureRise: 20) }),
    (
      "20 s unattended",
      {
        var board = $0
        try board.wait(20, refreshing: nil)
        return board
      }
    ),
    (
      "1 h topped up",
      {
        var board = $0
        try board.wait(3600, refreshing: 30)
        return board
      }
    ),
    (
      "1 h, supply -5 %",
      {
        var board = try $0.moved(supply: 0.95)
        try board.wait(3600, refreshing: 30)
        return board
      }
    ),
    (
      "1 h, supply +5 %",
      {
        var board = try $0.moved(supply: 1.05)
        try board.wait(3600, refreshing: 30)
        return board
      }
    ),
  ]
  var transferred: [[String]] = []
  var drifted: [[String]] = []
  var kept: [String: Spread] = [:]
  for method in methods {
    try context.report("sat-board: \(method.name)")
    let trained = try concurrently(seeds) { seed in
      let digits = try Digits(context, seed: UInt64(seed) + 1)
      var trainer = try digits.trainer(
        digits.plan(
          epochs: epochs, robustness: method.robustness, ramp: 0.5, seed: UInt64(seed) + 1))
      if method.inSitu {
        let board = try digits.board(300 + seed)
        var twin = try CircuitModel(twinOf: board.learner.board.analog, task: digits.task)
        try trainer.finish(
          digits.training, context,
          board: { gates, _, inputs in
            twin.parameters = gates
            return try twin.outputs(for: inputs)
          })
      } else {
        try trainer.finish(digits.training, context)
      }
      var model = trainer.model
      return (clean: try digits.accuracy(&model), gates: trainer.model.parameters)
    }
    var reached: [Double] = []
    for (seed, one) in trained.enumerated() {
      let digits = try Digits(context, seed: UInt64(seed) + 1)
      reached += try digits.transfer(one.gates, to: 0..<boards / seeds)
    }
    kept[method.name] = Spread(reached)
    transferred.append([
      method.name, Spread(trained.map(\.clean)).percent, Spread(reached).percent,
      decimal(100 * (reached.min() ?? 0), 1),
    ])

    let digits = try Digits(context, seed: 1)
    let accuracies = try concurrently(conditions.count) { index in
      var board = try digits.board(0)
      board.parameters = trained[0].gates
      try board.program()
      board.pulseLimit = 40
      var changed = try conditions[index].change(board)
      return try digits.accuracy(&changed)
    }
    drifted.append([method.name] + accuracies.map { decimal(100 * $0, 1) })
  }
  result.tables.append(
    TextTable(
      title:
        "Digits trained for \(epochs) epochs, then programmed by pulses on \(boards) boards with fresh "
        + "mismatch and all other imperfections; test %, \(seeds) splits:",
      head: ["trained", "its own model", "boards", "worst board"], rows: transferred))
  result.tables.append(
    TextTable(
      title: "One board after deployment, without retraining, test %:",
      head: ["trained"] + conditions.map(\.name), rows: drifted))
  if let plain = kept["plain"] {
    for (name, spread) in kept.sorted(by: { $0.key < $1.key }) where name != "plain" {
      let error = (plain.error * plain.error + spread.error * spread.error).squareRoot()
      let ahead = spread.mean - plain.mean
      let verdict = ahead.magnitude < 2 * error ? "no clear winner" : ahead > 0 ? "better" : "worse"
      result.claim(
        "\(name) against plain on \(boards) boards: \(verdict)",
        "\(decimal(100 * ahead, 2)) +- \(decimal(100 * error, 2)) points", true)
    }
  }
  return result
}
