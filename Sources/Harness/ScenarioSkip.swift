package import Files
package import Runs

extension ScenarioDescription {
  /// Why it does not apply, as far as that is known before the board is opened.
  ///
  /// - Parameters:
  ///   - target: what is proven.
  ///   - subject: what is known of the board beforehand.
  ///   - rig: what declares the board's fixtures, in words; `nil` where no rig is named.
  /// - Returns: why, in words; `nil` where it applies.
  package func skipping(
    on target: RunSetting.Target, _ subject: Subject, rig: String?
  ) -> String? {
    let board = subject.description
    if let only = self.board, only != board.name {
      return "it is for board \(only), and this is board \(board.name)"
    }
    if let fixture = needs.first(where: { !subject.fixtures.contains($0) }) {
      return "it needs the fixture \(fixture), and "
        + (rig.map { "\($0) does not list it under fixtures" }
          ?? "no rig is named that lists it under fixtures: declare one in a rig map")
    }
    if let why = faults.lazy.compactMap({ $0.misplacement(on: board) }).first { return why }
    if !faults.isEmpty, target == .gpio {
      return "its faults are put on a double, and this is a real board"
    }
    if target == .double, faults.contains(where: \.isOnLines) {
      return "its faults are on lines, which only --target pins has"
    }
    return nil
  }
}
