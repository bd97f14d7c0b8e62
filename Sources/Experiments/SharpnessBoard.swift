import Files
import Runs
import Models
import BoardDouble
import Studies

extension Experiments {
  /// Digits trained in several ways with the same optimiser and epochs, programmed by pulses:
  /// transfer to boards with fresh mismatch, and drift after deployment.
  static let satBoard = Experiment(
    name: "sat-board",
    about:
      "digits programmed on mismatched transistor boards, and their drift: plain, noise, physics-aware, SAM in silico and in situ (ours)",
    seconds: 75
  ) { bench in
    var report = Report()
    let epochs = bench.quick ? 3 : 6
    let seeds = bench.quick ? [1] : [1, 2]
    let perSeed = bench.quick ? 2 : 10
    let methods: [(name: String, robustness: Robustness, inSitu: Bool)] = [
      ("plain", .plain, false), ("noise 0.1 V", .noise(0.1), false),
      ("SAM, rho 0.5 V", .sharpness(rho: 0.5, adaptive: false), false),
      ("adaptive SAM, rho 0.3", .sharpness(rho: 0.3, adaptive: true), false),
      ("SAT in temperature", .temperature(swing: 20, rho: 0), false),
      ("physics-aware on one board", .plain, true),
      ("SAM in situ on one board", .sharpness(rho: 0.5, adaptive: false), true),
    ]
    var kept: [String: [Double]] = [:]
    var harsh: [String: [Double]] = [:]
    var rows: [[String]] = []
    for method in methods {
      bench.tell(method.name)
      let trained = try bench.map(seeds) { seed in
        let digits = try Digits(seed: seed)
        var trainer = try digits.trainer(
          digits.plan(epochs: epochs, robustness: method.robustness, ramp: 0.5, seed: seed))
        if method.inSitu {
          let board = try digits.board(300 + seed)
          var twin = try CircuitModel(twinOf: board.learner.board.analog, task: digits.task)
          try trainer.finish(
            digits.training, on: bench,
            board: { gates, rise, inputs in
              if twin.parameters != gates { twin.parameters = gates }
              if twin.temperatureRise != rise { twin.temperatureRise = rise }
              return try twin.outputs(for: inputs)
            })
          twin.parameters = trainer.model.parameters
          return (own: try digits.accuracy(&twin), gates: trainer.model.parameters)
        }
        try trainer.finish(digits.training, on: bench)
        var model = trainer.model
        return (own: try digits.accuracy(&model), gates: model.parameters)
      }
      var usual: [Double] = []
      var wide: [Double] = []
      for (seed, one) in zip(seeds, trained) {
        let digits = try Digits(seed: seed)
        usual += try digits.transfer(one.gates, to: 0..<perSeed, on: bench)
        wide += try digits.transfer(one.gates, to: 50..<50 + perSeed / 2, spread: 3, on: bench)
      }
      kept[method.name] = usual
      harsh[method.name] = wide
      report.figures += [
        Figure(percent: "\(method.name): where it was trained", trained.map(\.own)),
        Figure(percent: "\(method.name): \(usual.count) fresh boards", usual),
        Figure(percent: "\(method.name): \(wide.count) boards of thrice the spread", wide),
      ]
      let conditions = try drift(trained[0].gates, on: bench)
      for (name, accuracy) in conditions {
        report.figures.append(
          Figure("\(method.name): one board, \(name), %", ours: 100 * accuracy))
      }
      rows.append(
        [method.name.replacing(",", with: "")]
          + ([usual.mean, wide.mean] + conditions.map(\.1)).map { "\($0)" })
    }
    if let plain = kept["plain"], let other = harsh["plain"] {
      for method in methods.dropFirst() {
        report.figures += [
          Figure(
            lead: "\(method.name) over plain, fresh boards", of: kept[method.name] ?? [],
            over: plain),
          Figure(
            lead: "\(method.name) over plain, thrice the spread", of: harsh[method.name] ?? [],
            over: other),
        ]
      }
    }
    report.add(
      "board.csv",
      heading: "method,fresh,thrice,"
        + Deployment.run(on: bench).map(\.column).joined(separator: ","),
      rows: rows)
    report.remarks.append("\(epochs) epochs of Adam each; nobody is meant to win: it is measured")
    return report
  }

  /// The share of test digits that one board gets right after deployment, without retraining.
  private static func drift(
    _ gates: [Double], on bench: Bench
  ) throws -> [(String, Double)] {
    let digits = try Digits(seed: 1)
    let all = Deployment.run(on: bench)
    let shares = try bench.map(all) { deployment in
      var board = try digits.board(0)
      board.parameters = gates
      try board.program()
      board.pulseLimit = 20
      var deployed = try deployment.applied(to: board)
      return try digits.accuracy(&deployed)
    }
    return Array(zip(all.map(\.rawValue), shares))
  }
}

/// What happens to a board after it was programmed. Topping up: every minute the controllers replace
/// what they think has leaked.
private enum Deployment: String, CaseIterable, Sendable {
  /// Those that are run.
  static func run(on bench: Bench) -> [Deployment] {
    bench.quick ? [.asProgrammed, .warm] : allCases
  }

  case asProgrammed = "as programmed"
  case cold = "-20 K"
  case warm = "+20 K"
  case unattended = "20 s unattended"
  case longUnattended = "2 min unattended"
  case topped = "1 h topped up"
  case lowSupply = "1 h topped up at supply -5 %"
  case highSupply = "1 h topped up at supply +5 %"

  var column: String {
    rawValue.replacing(" ", with: "_").replacing("%", with: "percent")
  }

  func applied(
    to board: ProgrammedBoard<DirectBoard>
  ) throws -> ProgrammedBoard<DirectBoard> {
    var board = board
    switch self {
    case .asProgrammed: break
    case .cold: board = try board.moved(temperatureRise: -20)
    case .warm: board = try board.moved(temperatureRise: 20)
    case .unattended: try board.wait(20, refreshing: nil)
    case .longUnattended: try board.wait(120, refreshing: nil)
    case .topped: try board.wait(3600, refreshing: 60)
    case .lowSupply:
      board = try board.moved(supply: 0.95)
      try board.wait(3600, refreshing: 60)
    case .highSupply:
      board = try board.moved(supply: 1.05)
      try board.wait(3600, refreshing: 60)
    }
    return board
  }
}
