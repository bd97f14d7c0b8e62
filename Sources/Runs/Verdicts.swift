import Elements
package import Files
import Reports

/// Something that a reader of a run should know, with what to try; options that help are the command
/// line's to name.
public struct Remark: Sendable, Equatable, Codable {
  /// What it is about.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// The run ended no better than it began.
    case noBetter
    /// Gates stand at limits.
    case gatesAtLimits
    /// A source or target that no conducting path joins to the others.
    case unreachable
    /// Pulses too short to move any gate.
    case pulseTooShort
    /// A class that is never answered.
    case classNeverAnswered
  }

  /// What it is about.
  public var kind: Kind
  /// What was found, in words.
  public var finding: String
  /// What to try, in words.
  public var advice: String

  /// Makes a remark.
  package init(_ kind: Kind, _ finding: String, advice: String) {
    self.kind = kind
    self.finding = finding
    self.advice = advice
  }

  /// Both in a sentence.
  public var words: String { "\(finding); try \(advice)" }
}

extension RunRecord {
  /// From which share of gates at limits on it is said.
  static let limitShare = 0.25
  /// No gate that moved by less has learned anything, V.
  static let leastMove = 1e-3

  /// What a reader should know of how the run ended; nothing of one that has not trained.
  package var verdicts: [Remark] {
    guard result.last.epoch > 0, let first = result.first else { return [] }
    var remarks = setting.reachRemarks
    if let remark = improvement(from: first) { remarks.append(remark) }
    if let remark = pulses { remarks.append(remark) }
    if let remark = limits { remarks.append(remark) }
    remarks += missingClasses
    return remarks
  }

  private func improvement(from first: EpochRecord) -> Remark? {
    let before = first.training
    let after = result.last.training
    let advice = "other places for sources and targets, another rule, longer pulses or more epochs"
    if before.unmet > 0, after.error >= before.error,
      (after.accuracy ?? 0) <= (before.accuracy ?? 0)
    {
      return Remark(
        .noBetter,
        "the run ended no better than it began: error of the training samples "
          + "\(Format.squareVolts(before.error)) before, \(Format.squareVolts(after.error)) after",
        advice: advice)
    }
    // As many are right by a board that answers the same of everything.
    guard let right = after.accuracy, after.unmet > 0 else { return nil }
    let problem = Problem(task: setting.task, seed: setting.plan.seed)
    var counts = [Int](repeating: 0, count: setting.task.classes.count)
    for sample in problem.training {
      if let category = setting.task.samples[sample].category { counts[category] += 1 }
    }
    guard let most = counts.indices.max(by: { counts[$0] < counts[$1] }) else { return nil }
    let share = Double(counts[most]) / Double(max(problem.training.count, 1))
    if right > share { return nil }
    return Remark(
      .noBetter,
      "\(Format.percent(right)) of the training samples are right; always answering "
        + "'\(setting.task.classes[most])' would be right in \(Format.percent(share))",
      advice: advice)
  }

  private var pulses: Remark? {
    guard result.last.training.unmet > 0, result.steps > 0 else { return nil }
    let advice = "longer pulses, or a smaller dead band where there is one"
    if result.last.pulses == 0 {
      return Remark(
        .pulseTooShort,
        "no step moved a gate, though \(Format.percent(result.last.training.unmet)) of the training "
          + "samples ask for something: pulses shorter than 1 us are not given (their scale is "
          + "\(Format.seconds(setting.plan.rule.pulse)))", advice: advice)
    }
    let gates = setting.board.gates
    // One pulse moves a potentiometer by a tap, however short it is.
    if gates.taps != nil { return nil }
    let span = setting.board.nodeHighest - setting.board.nodeLowest
    let rate =
      switch gates.update {
      case .comparator: gates.supply / (gates.ohms * gates.farads)
      case .multiplier:
        gates.gain * span * span / (gates.ohms * gates.farads * gates.reference)
          + setting.board.imperfections.updateBias
      }
    let most = rate * result.last.learned
    if most >= RunRecord.leastMove { return nil }
    return Remark(
      .pulseTooShort,
      "all \(result.last.pulses) pulses together lasted \(Format.seconds(result.last.learned)), in "
        + "which no gate moves by more than \(Format.significant(most * 1000)) mV", advice: advice)
  }

  private var limits: Remark? {
    let gates = setting.board.gates
    let edges = setting.board.learningEdges.count
    var count = result.saturatedEdges
    if gates.update == .multiplier {
      count = result.gates.count { $0 <= gates.railLow + 1e-3 || $0 >= gates.railHigh - 1e-3 }
    }
    guard count > 0, Double(count) >= RunRecord.limitShare * Double(edges) else { return nil }
    return Remark(
      .gatesAtLimits,
      "\(count) of \(edges) gates stand at a limit, beyond which they cannot learn",
      advice:
        "shorter \(setting.plan.rule.balanced ? "" : "or balanced ")pulses, or other places for "
        + "sources and targets")
  }

  private var missingClasses: [Remark] {
    guard let samples = result.samples, let answers = samples.answers else { return [] }
    let task = setting.task
    let given = Set(answers.compactMap { $0 })
    return task.classes.indices.filter { !given.contains(task.classes[$0]) }.compactMap { index in
      let count = task.samples.count { $0.category == index }
      if count == 0 { return nil }
      return Remark(
        .classNeverAnswered,
        "class '\(task.classes[index])' is never answered, though \(count) of "
          + "\(task.samples.count) samples are of it",
        advice: "other places for sources and targets, more epochs, or complements among the inputs"
      )
    }
  }
}

extension RunSetting {
  /// Sources and targets of the run that no conducting path joins, a remark each; nothing where the
  /// task does not fit the board.
  package var reachRemarks: [Remark] {
    guard let place = try? task.place(on: board) else { return [] }
    let lost = board.unreached(sources: place.sources, targets: place.targets)
    let advice = "other places for sources and targets, or edges that join them"
    return lost.targets.map { channel in
      Remark(
        .unreachable,
        "no conducting path leads from a source to target \(channel), node "
          + "'\(board.nodes[place.targets[channel]])': nothing can be learned there",
        advice: advice)
    }
      + lost.sources.map { channel in
        Remark(
          .unreachable,
          "no conducting path leads from source \(channel) (\(task.inputs[channel].name)), node "
            + "'\(board.nodes[place.sources[channel]])', to a target: that input changes nothing",
          advice: advice)
      }
  }
}

extension BoardDescription {
  /// Source and target channels that have no part in what is learned.
  ///
  /// Driven nodes keep their voltages, so that a path ends at each of them: a target is reached
  /// where a source borders on the free nodes that it is joined to.
  ///
  /// - Parameters:
  ///   - sources: the node of each source channel.
  ///   - targets: the node of each target channel.
  /// - Returns: the channels that are not reached.
  package func unreached(
    sources: [Int], targets: [Int]
  ) -> (sources: [Int], targets: [Int]) {
    let driven = Set(sources)
    let dead = Set(faults.filter { $0.kind == .dead }.map(\.edge))
    var neighbours = [[Int]](repeating: [], count: nodes.count)
    for (index, edge) in edges.enumerated() where !dead.contains(index) {
      neighbours[edge.from].append(edge.to)
      neighbours[edge.to].append(edge.from)
    }
    /// The sources that border on the free nodes around a target.
    func bordering(_ target: Int) -> Set<Int> {
      var seen: Set<Int> = [target]
      var waiting = [target]
      var found: Set<Int> = []
      while let node = waiting.popLast() {
        for next in neighbours[node] {
          if driven.contains(next) {
            found.insert(next)
          } else if seen.insert(next).inserted {
            waiting.append(next)
          }
        }
      }
      return found
    }
    let found = targets.map(bordering)
    let joined = found.reduce(into: Set<Int>()) { $0.formUnion($1) }
    return (
      sources.indices.filter { !joined.contains(sources[$0]) },
      targets.indices.filter { found[$0].isEmpty }
    )
  }
}
