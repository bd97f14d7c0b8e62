import Description
import Learning
import Models
import Reproducible

/// Digits with updates of a fraction of the edges only: drawn anew for each step, or chosen once.
public func reproduceSubset(_ context: ExperimentContext) throws -> ExperimentResult {
  var result = ExperimentResult()
  let shares = [0.01, 0.03, 0.1, 0.3, 1]
  let epochs = 10
  var rows: [[String]] = []
  var random: [Double: Double] = [:]
  for share in shares {
    try context.report("subset: \(decimal(100 * share, 0)) % of the edges")
    let found = try concurrently(2) { seed in
      let digits = try Digits(context, seed: UInt64(seed) + 1)
      var drawn = try digits.trainer(
        digits.plan(epochs: epochs, share: share, seed: UInt64(seed) + 1))
      try drawn.finish(digits.training, context)
      var model = drawn.model
      let accuracy = try digits.accuracy(&model)
      if share == 1 { return (accuracy, accuracy) }
      let draw = Draw(seed: UInt64(seed), purpose: 4101, device: 0)
      let chosen = (0..<digits.edges).map { draw.uniform(UInt64($0)) < share }
      var fixed = try digits.trainer(
        digits.plan(epochs: epochs, chosen: chosen, seed: UInt64(seed) + 1))
      try fixed.finish(digits.training, context)
      var other = fixed.model
      return (accuracy, try digits.accuracy(&other))
    }
    let drawn = Spread(found.map(\.0))
    random[share] = drawn.mean
    rows.append([
      "\(decimal(100 * share, 0)) %", drawn.percent, Spread(found.map(\.1)).percent,
    ])
  }
  result.tables.append(
    TextTable(
      title: "Digits after \(epochs) epochs, ideal devices, test %, 2 splits:",
      head: ["edges in a step", "drawn anew for each step", "chosen once"], rows: rows))
  let tenth = random[0.1] ?? 0
  result.claim(
    "A tenth of the edges in each step costs at most 5 points", "\(decimal(100 * tenth, 1)) %",
    tenth > (random[1] ?? 1) - 0.05)
  return result
}
