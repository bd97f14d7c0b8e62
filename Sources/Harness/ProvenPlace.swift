/// What is proven, as reports name it beside what they say of it.
package struct ProvenPlace: Sendable, Equatable {
  /// The board's name.
  package var board: String
  /// What it is: `double`, `pins` or `gpio`.
  package var target: String
  /// The rig, where one is named.
  package var rig: String?
  /// Which of the boards of its file it is, where that is known.
  package var boardID: String?
  /// When the calibration was made that it is measured with, ISO 8601; `nil` without one.
  package var calibrated: String?

  /// Names it.
  ///
  /// - Parameters:
  ///   - board: the board's name.
  ///   - target: what it is.
  ///   - rig: the rig, where one is named.
  ///   - boardID: which of the boards of its file it is, where that is known.
  ///   - calibrated: when its calibration was made, where there is one.
  package init(
    board: String, target: String, rig: String? = nil, boardID: String? = nil,
    calibrated: String? = nil
  ) {
    self.board = board
    self.target = target
    self.rig = rig
    self.boardID = boardID
    self.calibrated = calibrated
  }

  /// What is known, by the names that all reports have for it.
  package var labels: [(name: String, value: String)] {
    [
      ("board", board), ("target", target), ("rig", rig), ("board_id", boardID),
      ("calibrated", calibrated),
    ].compactMap { name, value in value.map { (name, $0) } }
  }
}
