import Files
import Runs

/// The folders of runs that are not told where to go. A name says what is not as usual, so that a run by
/// another rule or at another target does not meet the folder of the first.
extension RunSetting {
  /// `runs/TASK-BOARD-SEED`, with the rule and the target before the seed where they are not the
  /// usual ones of such a board; the rig in place of the target, where one is named.
  var usualFolder: String {
    let usual = RuleSettings(update: board.gates.update).name
    let target = target ?? .double
    return "runs/"
      + ([task.name, board.name]
      + (plan.rule.name == usual ? [] : [plan.rule.name.rawValue])
      + (rig.map { [$0.name] } ?? (target == .usual ? [] : [target.rawValue]))
      + ["\(plan.seed)"]).joined(separator: "-")
  }
}
