package import Firmware

/// Why a session cannot begin or go on.
public enum SessionError: Error, CustomStringConvertible {
  /// The board lacks abilities that the rule needs.
  case refused(rule: String, board: String, missing: [String])
  /// A checkpoint belongs to another run.
  case otherRun(String)

  /// The error in words: what, where and what to do.
  public var description: String {
    switch self {
    case .refused(let rule, let board, let missing):
      "the rule '\(rule)' needs \(missing.joined(separator: ", ")), which the board '\(board)' "
        + "lacks; choose a rule without it, or a board with comparator edges"
    case .otherRun(let what): "the checkpoint belongs to another run: \(what)"
    }
  }

  /// The names of abilities that are needed and missing.
  package static func names(of needs: Abilities, missingIn abilities: Abilities) -> [String] {
    let all: [(Abilities, String)] = [
      (.sign, "the sign of the contrast at every edge"),
      (.perEdgeHold, "a drive of its own for every edge"),
      (.antiNudge, "an anti-nudge"), (.readBack, "gate read-back"),
      (.analogRule, "an analog rule at every edge"),
    ]
    return all.filter { needs.contains($0.0) && !abilities.contains($0.0) }.map(\.1)
  }
}
