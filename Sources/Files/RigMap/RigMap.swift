import Foundation

/// What a rig map says: the rigs that somebody has, each a board that hangs somewhere and what is fitted
/// there. It has nothing to do with `RigDescription`, which is what was measured of two learning edges.
package struct RigMap: Sendable, Equatable {
  /// One rig.
  package struct Rig: Sendable, Equatable {
    /// What it is called.
    package var name: String
    /// Its board: a name in `board/` or the path of a file.
    package var board: String
    /// What it is, by the word of `--target`: `double`, `pins` or `gpio`.
    package var target: String
    /// The label of its GPIO chip, where it is not the one that the board's file names.
    package var chip: String?
    /// Which of the boards of its file it is.
    package var boardID: String?
    /// What `calibrate` found of it, the path of a file.
    package var calibration: String?
    /// What is fitted there, of `ScenarioDescription.fixtures`.
    package var fixtures: [String]
    /// What its users should know; may be empty.
    package var note: String
  }

  /// What errors call the file.
  package var file: String
  /// The rigs in the order of the file.
  package var rigs: [Rig]

  /// The rig of a name; `nil` where there is none.
  package func rig(named name: String) -> Rig? { rigs.first { $0.name == name } }

  /// Where rig maps are looked for unless one is named, in this order: the user's own, then
  /// `hil/rigs.yaml` in the folders that boards and scenarios are looked for in.
  ///
  /// - Parameters:
  ///   - environment: the program's environment.
  ///   - roots: folders to search.
  /// - Returns: the paths, whether there is a file or not.
  package static func places(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    near roots: [String] = searchRoots()
  ) -> [String] {
    let own = userFolder("XDG_CONFIG_HOME", usual: ".config", environment: environment)
      .map { [$0 + "/rigs.yaml"] }
    return (own ?? []) + roots.map { join($0, "hil/rigs.yaml") }
  }

  /// Finds a rig by its name.
  ///
  /// - Parameters:
  ///   - name: the name.
  ///   - places: rig maps, of which the first that has the name counts; those that are not there are
  ///     passed over.
  /// - Returns: the rig, and the file it is in.
  /// - Throws: `DescriptionError` for a map that is wrong, and for a name that none has.
  package static func find(
    _ name: String, in places: [String] = places()
  ) throws(DescriptionError) -> (rig: Rig, file: String) {
    var known: [String] = []
    for place in places where FileManager.default.fileExists(atPath: place) {
      let map = try read(path: place)
      if let rig = map.rig(named: name) { return (rig, place) }
      // Folders that are searched may be the same one, and a name may be in several maps.
      for name in map.rigs.map(\.name) where !known.contains(name) { known.append(name) }
    }
    throw DescriptionError(
      message: "there is no rig named \(quote(name))\(suggestion(for: name, among: known)); there "
        + (known.isEmpty
          ? "is no rig map with one, neither \(places.prefix(2).joined(separator: " nor "))"
          : "are \(enumerate(known, most: 40))")
        + "; declare it in \(places.first ?? "a rig map")")
  }
}

extension RigMap {
  /// Reads and checks a rig map.
  ///
  /// - Parameter path: a regular file of UTF-8 text of at most 1 MB. Files it names are relative to its
  ///   folder; boards may be bare names.
  /// - Returns: the map.
  /// - Throws: `DescriptionError` that says what is wrong, in which line, and what is allowed.
  package static func read(path: String) throws(DescriptionError) -> RigMap {
    try read(text: try Files.text(try contents(of: path, as: .rigMap), file: path), file: path)
  }

  /// As `read(path:)`, for text that is in memory.
  ///
  /// - Parameters:
  ///   - text: the file's contents.
  ///   - file: the name that errors give; files it names are looked for from its folder.
  /// - Returns: the map.
  /// - Throws: `DescriptionError`.
  package static func read(text: String, file: String) throws(DescriptionError) -> RigMap {
    let here = folder(of: file)
    let fields = try LocatedNode(text: text, file: file).fields(["rigs"])
    var rigs: [Rig] = []
    for (key, value) in try fields.required("rigs").entries() {
      let name = try key.node.name()
      let entry = try value.fields([
        "board", "target", "chip", "board_id", "calibration", "fixtures", "note",
      ])
      let board = try entry.required("board").title()
      let target = try entry.required("target").word(["double", "pins", "gpio"])
      if let chip = entry["chip"], target != "gpio" {
        throw chip.error("chip is for a rig at GPIO lines (target: gpio); a double has none")
      }
      var fixtures: [String] = []
      let fitted = try entry["fixtures"]?.list(of: "fixture", count: 0...16) ?? []
      for fixture in fitted { fixtures.append(try fixture.word(ScenarioDescription.fixtures)) }
      rigs.append(
        Rig(
          name: name,
          board: board.contains("/") || board.hasSuffix(".yaml") ? join(here, board) : board,
          target: target, chip: try entry["chip"]?.title(),
          boardID: try entry["board_id"]?.title(),
          calibration: try entry["calibration"].map { node throws(DescriptionError) in
            join(here, try node.text())
          },
          fixtures: fixtures, note: try entry["note"]?.text() ?? ""))
    }
    return RigMap(file: file, rigs: rigs)
  }
}
