public import ArgumentParser
import Files
import Runs

extension RuleSettings.Name: ExpressibleByArgument {}

/// The options that make a learning rule.
struct RuleOptions: ParsableArguments {
  @Option(
    help: "The learning rule; by default the best one that the board's edges can follow.")
  var rule: RuleSettings.Name?
  @Option(
    parsing: .unconditional,
    help:
      "The nudge eta, above 0, up to 1; default 1 with dither, else 32/129 toward a rail, 0.5 toward a label."
  )
  var nudge: Double?
  @Option(
    parsing: .unconditional,
    help:
      "The pulse scale t0, s, up to 2: a pulse lasts 2 t0 error / (node range), or t0 with the standard rule; default 0.02, with dither where nodes are hidden 0.08 (0.02 in cycles), with multiplier edges 0.001."
  )
  var pulse: Double?
  @Flag(help: "Give every pulse the length t0, however large the error.")
  var fixedPulse = false
  @Option(
    parsing: .unconditional,
    help:
      "The probability with which an edge takes part in a step; default 1 with dither or multiplier edges, else 0.5."
  )
  var probability: Double?
  @Option(
    parsing: .unconditional,
    help:
      "Errors up to this, V, teach nothing: read noise then does not wear a solved task away; default 0.001 with dither, else 0."
  )
  var deadBand: Double?
  @Flag(
    inversion: .prefixedNo,
    help:
      "Leave out moves of each edge's faster way, so that up and down weigh the same (comparator edges); default with centred rules."
  )
  var balanced: Bool?
  @Flag(
    inversion: .prefixedNo,
    help:
      "Let edges between driven or measured nodes take part in proportion to the voltage across them (comparator edges); default with centred rules on boards whose edges all join a source with a target."
  )
  var weighted: Bool?
  @Flag(
    inversion: .prefixedNo,
    help:
      "Let each step draw its eta evenly between zero and the nudge, so that edges that see more move more often (comparator edges); default with centred rules."
  )
  var dithered: Bool?
  @Flag(
    help:
      "Let pulses grow as fewer samples are wrong, by the number of samples over the wrong ones.")
  var normalised = false

  func validate() throws {
    try Limits.check(deadBand, "--dead-band", 0, RuleSettings.largestDeadBand)
    try Limits.check(nudge, "--nudge", 0, 1)
    try Limits.check(pulse, "--pulse", 0, RuleSettings.longestPulse)
    try Limits.check(probability, "--probability", 0, 1)
  }

  /// Which of the options were given.
  var given: [(String, Bool)] {
    [
      ("--rule", rule != nil), ("--nudge", nudge != nil), ("--pulse", pulse != nil),
      ("--fixed-pulse", fixedPulse), ("--probability", probability != nil),
      ("--dead-band", deadBand != nil), ("--balanced", balanced != nil),
      ("--weighted", weighted != nil),
      ("--normalised", normalised), ("--dithered", dithered != nil),
    ]
  }

  /// The rule, completed by what is usual on the board's kind of edges.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - takingTurns: whether tasks take turns, so that pulses must fit into a turn.
  /// - Returns: the rule.
  func settings(on board: BoardDescription, takingTurns: Bool = false) -> RuleSettings {
    var settings = RuleSettings(
      name: rule, update: board.gates.update, nudge: nudge, pulse: pulse,
      fixedPulse: fixedPulse ? true : nil, probability: probability, deadBand: deadBand,
      balanced: balanced, normalised: normalised, dithered: dithered)
    let usual = settings.fitted(to: board)
    settings.weighted = weighted ?? usual.weighted
    if pulse == nil, !takingTurns { settings.pulse = usual.pulse }
    return settings
  }
}
