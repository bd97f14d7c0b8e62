/// What a rig file says: a real rig as its experimenters know it, from the outside. Where each of
/// two tasks is solved in the plane of two gates, how fast a solved task drifts there, and how fast
/// learning relaxes; optionally the cycles that were measured, to compare with.
public struct RigDescription: Sendable, Equatable {
  /// Name of the rig.
  public var name: String
  /// One or two sentences for a reader; may be empty.
  public var about: String
  /// The board by its parts' markings, without imperfections: what is measured has them in it.
  public var board: BoardDescription
  /// The two learning edges, as indices among those, whose gates span the plane: x, then y.
  public var plane: [Int]
  /// The nudge eta of the rig's clamps, above 0, up to 1.
  public var nudge: Double
  /// The learning time of a step, in s.
  public var pulse: Double
  /// The two tasks.
  public var tasks: [RigTask]
  /// The factor on the nominal learning rate, where it is known.
  public var rateFactor: Double?
  /// Measured cycles to fit that factor to, where it is not; empty where it is.
  public var relaxations: [MeasuredCycle]
  /// Measured mean square errors over both tasks at both cycle ends, by tau: (s, V^2).
  public var measuredError: [SIMD2<Double>]
  /// Measured squared distances between the cycle ends, by tau: (s, V^2).
  public var measuredSpanSquared: [SIMD2<Double>]
  /// Measured cycles.
  public var measuredCycles: [MeasuredCycle]
  /// The tau up to which the curves are judged, s; `nil` for all of them.
  public var judgedUntil: Double?
}

/// One task of a rig and what was measured of it.
public struct RigTask: Sendable, Equatable {
  /// The task as it was asked for.
  public var task: TaskDescription
  /// The input that stands for what is not known of the rig's voltages.
  public var input: Int
  /// The slope of the line along which the task is solved, y = slope x + offset.
  public var slope: Double
  /// The offset of that line, in V.
  public var offset: Double
  /// How fast the solved task drifts along its line, in V/s, counted toward larger x.
  public var drift: Double
}

/// A measured cycle in the plane of a rig.
public struct MeasuredCycle: Sendable, Equatable {
  /// The learning time of the cycle, in s.
  public var tau: Double
  /// Which of the rig's tasks is learned in its first half.
  public var first: Int
  /// The gates along it, V, at equal distances in learning time; the last closes it.
  public var points: [SIMD2<Double>]
}

extension RigDescription {
  /// Reads and checks a rig file, with the board, tasks and tables it names.
  ///
  /// - Parameter path: a regular file of UTF-8 text of at most 1 MB. Files it names are relative to
  ///   its folder; boards and tasks may be bare names.
  /// - Returns: the rig.
  /// - Throws: `DescriptionError` with the file and line of the first entry that is wrong and what
  ///   would be allowed there.
  public static func read(path: String) throws(DescriptionError) -> RigDescription {
    try read(text: try text(try contents(of: path, as: .rig), file: path), file: path)
  }

  /// Reads and checks the text of a rig file, with the board, tasks and tables it names.
  ///
  /// - Parameters:
  ///   - text: the YAML text.
  ///   - file: what errors call the file; files it names are looked for from its folder.
  /// - Returns: the rig.
  /// - Throws: as `read(path:)`.
  public static func read(
    text: String, file: String
  ) throws(DescriptionError) -> RigDescription {
    let root = try LocatedNode(text: text, file: file)
    let fields = try root.fields([
      "name", "about", "board", "plane", "nudge", "pulse", "tasks", "rate", "relaxation",
      "measured",
    ])
    let here = folder(of: file)
    func named(_ node: LocatedNode, _ kind: DescriptionKind) throws(DescriptionError) -> String {
      let name = try node.title()
      return name.contains("/") || name.hasSuffix(".yaml")
        ? join(here, name) : try locate(name, kind: kind)
    }
    let boardNode = try fields.required("board")
    var board = try BoardDescription.read(path: try named(boardNode, .board))
    guard board.gates.update == .multiplier else {
      throw boardNode.error(
        "board of a rig is \(quote(board.name)), which has comparator edges; a rig is described by "
          + "its update bias, which multiplier edges have")
    }
    board.imperfections = .none
    board.wiring = nil
    let edges = board.learningEdges.map(\.name)

    let planeNode = try fields.required("plane")
    var plane: [Int] = []
    for entry in try planeNode.list(of: "edge", count: 2...2) {
      plane.append(try choice(entry, among: edges, role: "learning edge"))
    }
    guard plane[0] != plane[1] else { throw planeNode.error("plane names one edge twice") }
    guard edges.count == 2 else {
      throw boardNode.error(
        "board of a rig is \(quote(board.name)) with \(edges.count) learning edges; allowed is 2, "
          + "whose plane holds all there is to measure")
    }

    var tasks: [RigTask] = []
    for entry in try fields.required("tasks").list(of: "task", count: 2...2) {
      tasks.append(
        try readTask(entry, board: board) { node throws(DescriptionError) in
          try named(node, .task)
        })
    }
    let names = tasks.map(\.task.name)
    func cycle(_ node: LocatedNode) throws(DescriptionError) -> MeasuredCycle {
      let entries = try node.fields(["tau", "first", "cycle"])
      let file = try entries.required("cycle")
      let rows = try readNumbers(join(here, try file.title()))
      guard rows.count == 2, rows[0].count == rows[1].count, rows[0].count >= 5 else {
        throw file.error(
          "\(try file.title()) has \(rows.count) rows; two are wanted, x and y of the gates along "
            + "the cycle, with the same number of values, 5 or more")
      }
      return MeasuredCycle(
        tau: try entries.required("tau").number(in: 1e-6...1e4, unit: "s"),
        first: try choice(try entries.required("first"), among: names, role: "task"),
        points: zip(rows[0], rows[1]).map { SIMD2($0.0, $0.1) })
    }

    let rate = try fields["rate"]?.number(in: 1e-3...1e3, unit: "")
    var relaxations: [MeasuredCycle] = []
    if let node = fields["relaxation"] {
      if node.isList {
        for entry in try node.list(of: "relaxation", count: 1...100) {
          relaxations.append(try cycle(entry))
        }
      } else {
        relaxations = [try cycle(node)]
      }
    }
    if rate != nil, let both = fields["relaxation"] {
      throw both.error("rate and relaxation are both given; leave one out")
    }
    var rig = RigDescription(
      name: try fields.required("name").name(), about: try fields["about"]?.text() ?? "",
      board: board, plane: plane,
      nudge: try fields["nudge"]?.number(in: 1e-3...1, unit: "") ?? 1,
      pulse: try fields["pulse"]?.number(in: 1e-6...1, unit: "s") ?? 1e-4, tasks: tasks,
      rateFactor: rate ?? (relaxations.isEmpty ? 1 : nil), relaxations: relaxations,
      measuredError: [], measuredSpanSquared: [], measuredCycles: [])
    if let measured = fields["measured"] {
      let entries = try measured.fields(["error", "span_squared", "cycles", "until"])
      func table(_ key: String) throws(DescriptionError) -> [SIMD2<Double>] {
        guard let node = entries[key] else { return [] }
        let rows = try readNumbers(join(here, try node.title()))
        guard !rows.isEmpty, rows.allSatisfy({ $0.count == 2 && $0[0] > 0 && $0[1] > 0 }) else {
          throw node.error(
            "\(try node.title()) must have two columns, tau in s and a value in V^2, both above 0")
        }
        return rows.map { SIMD2($0[0], $0[1]) }
      }
      rig.measuredError = try table("error")
      rig.measuredSpanSquared = try table("span_squared")
      rig.judgedUntil = try entries["until"]?.number(in: 1e-6...1e4, unit: "s")
      if let cycles = entries["cycles"] {
        for entry in try cycles.list(of: "cycle", count: 0...100) {
          rig.measuredCycles.append(try cycle(entry))
        }
      }
    }
    return rig
  }
}

private func choice(
  _ node: LocatedNode, among names: [String], role: String
) throws(DescriptionError) -> Int {
  let name = try node.title()
  guard let index = names.firstIndex(of: name) else {
    throw node.error(
      "\(node.what) is \(quote(name)), which is no \(role)\(suggestion(for: name, among: names)); "
        + "allowed are \(enumerate(names))")
  }
  return index
}

private func readTask(
  _ node: LocatedNode, board: BoardDescription,
  path: (LocatedNode) throws(DescriptionError) -> String
) throws(DescriptionError) -> RigTask {
  let entries = try node.fields(["task", "input", "slope", "offset", "drift"])
  let taskNode = try entries.required("task")
  let task = try TaskDescription.read(path: try path(taskNode))
  guard task.samples.allSatisfy({ $0.labels.count == 1 }), !task.outputs.differential else {
    throw taskNode.error(
      "task \(quote(task.name)) has \(task.outputs.count) outputs"
        + (task.outputs.differential ? ", each the difference of two nodes" : "")
        + (task.samples[0].labels.isEmpty ? " and no labels" : "")
        + "; a rig's task has one label a sample, for one node")
  }
  return RigTask(
    task: task,
    input: try choice(
      try entries.required("input"), among: task.inputs.map(\.name), role: "input"),
    slope: try entries.required("slope").number(in: 1e-3...1e3, unit: ""),
    offset: try entries.required("offset").number(in: -100...100, unit: "V"),
    drift: try entries.required("drift").number(in: -1e3...1e3, unit: "V/s"))
}

/// The numbers of a CSV file without a heading, row by row.
private func readNumbers(_ path: String) throws(DescriptionError) -> [[Double]] {
  var rows: [[Double]] = []
  try Dialect.forEachRow(try contents(of: path, as: .data), file: path, skip: 0) {
    row throws(DescriptionError) in
    var numbers: [Double] = []
    for column in row.cells.indices {
      numbers.append(try row.number(column, in: -1e9, 1e9, of: "number", stated: "allowed"))
    }
    rows.append(numbers)
  }
  return rows
}
