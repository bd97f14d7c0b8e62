package import Files

/// What the readings of each scenario are held to. A scenario that must pass whatever is done to its board
/// meanwhile is judged by boards to which the same was done; within the limits of undisturbed ones it is good too.
package struct ScenarioLimits {
  /// The limits of undisturbed boards.
  package let usual: ReadingLimits
  private let disturbed: [String: ReadingLimits]

  /// Takes limits of undisturbed boards for all scenarios.
  package init(usual: ReadingLimits) {
    self.usual = usual
    disturbed = [:]
  }

  /// Has limits drawn.
  ///
  /// - Parameters:
  ///   - scenarios: the scenarios, whose phases are known.
  ///   - subject: the board.
  ///   - draw: draws the limits of a board over phases.
  /// - Throws: what `draw` throws.
  package init(
    for scenarios: [ScenarioDescription], of subject: Subject,
    draw: (Subject, [any Phase.Type]) throws -> ReadingLimits
  ) throws {
    let names = Set(scenarios.flatMap(\.phases))
    let usual = try draw(subject, phases.filter { names.contains($0.name) })
    self.usual = usual
    var disturbed: [String: ReadingLimits] = [:]
    for scenario in scenarios where scenario.isKept {
      if let board = scenario.board, board != subject.description.name { continue }
      disturbed[scenario.name] = try draw(
        subject.disturbed(by: scenario), scenario.phases.compactMap(phase(named:))
      ).widened(to: usual)
    }
    self.disturbed = disturbed
  }

  /// The limits of a scenario.
  package func limits(of scenario: ScenarioDescription) -> ReadingLimits {
    disturbed[scenario.name] ?? usual
  }
}
