#if Simulation
import ArgumentParser
import Files
import Foundation
import Reports
import Runs
import Storage
import Studies
import Synchronization

struct PlaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "place",
    abstract: "Searches where a task's channels go on a board, and writes it into the task's file.",
    discussion: """
      Which node each source drives and each output is read at decides what a circuit can learn.
      Places are drawn and changed by the seed; the exact gradient on the ideal board judges them,
      the rule on a few imperfect boards judges the best. Samples that the seed holds out have no
      part in it. The placement counts for every board of the same netlist, whatever its name.

      The folder gets setting.json, judged.jsonl (every judgement, a line each) and places.json; a
      search that was interrupted goes on by --resume.
      """)

  @Option(help: "The board: a name in board/ or a file.")
  var board: String?
  @Option(help: "The task: a name in task/ or a file.")
  var task: String?
  @Option(parsing: .unconditional, help: "The seed of the draws and of the split; default 1.")
  var seed: UInt64?
  @Option(help: "How many places are drawn (2 ... 100000); default 256.")
  var candidates: Int?
  @Option(help: "How many rounds of changes the better ones go through (0 ... 1000); default 6.")
  var rounds: Int?
  @Option(help: "On how many imperfect boards the best are trained (0 ... 100); default 4.")
  var boards: Int?
  @Flag(help: "Print the placement; leave the task's file as it is.")
  var print = false
  @Option(help: "The folder to keep the search in; default runs/place-TASK-BOARD-SEED.")
  var out: String?
  @Flag(help: "Replace what the folder holds already.")
  var overwrite = false
  @Option(help: "Go on with the interrupted search in this folder.")
  var resume: String?
  @Flag(help: "Print the result as JSON on standard output.")
  var json = false

  /// What a search is made of.
  private struct Content: Codable {
    var board: BoardDescription
    var task: TaskDescription
    /// The task's file, to write into.
    var file: String
    var plan: Plan
    var extent: PlaceSearch.Extent
  }

  /// What came out.
  private struct Found: Codable {
    var netlist: String
    var sources: [String]
    var targets: [String]
    var sourceNodes: [Int]
    var targetNodes: [Int]
    /// The share of training samples that are right on imperfect boards, or by the exact gradient
    /// where none were trained.
    var accuracy: Double?
    /// What the exact gradient reaches there.
    var bound: Reach
    /// What the exact gradient reaches at the places the task had, or the board's default ones.
    var before: Reach?
  }

  /// What the exact gradient reaches on training and held-out samples.
  private struct Reach: Codable {
    var training: Measures
    var testing: Measures?
  }

  func validate() throws {
    for (name, value, allowed) in [
      ("--candidates", candidates, 2...100_000), ("--rounds", rounds, 0...1000),
      ("--boards", boards, 0...100),
    ] {
      if let value, !allowed.contains(value) {
        throw ValidationError(
          "\(name) is \(value); allowed is \(allowed.lowerBound) ... \(allowed.upperBound)")
      }
    }
    if resume != nil {
      let given = [
        ("--board", board != nil), ("--task", task != nil), ("--seed", seed != nil),
        ("--candidates", candidates != nil), ("--rounds", rounds != nil),
        ("--boards", boards != nil), ("--out", out != nil), ("--overwrite", overwrite),
      ]
      if let other = given.first(where: \.1) {
        throw ValidationError(
          "\(other.0) cannot go with --resume: a search goes on as it was begun; leave it out")
      }
    } else if board == nil || task == nil {
      throw ValidationError("--board and --task are needed, or --resume with a folder")
    }
  }

  func run() throws {
    try Exits.catching {
      Interruption.watch()
      let directory: RunDirectory
      let content: Content
      let claim: RunClaim
      let files = ["judged.jsonl", "places.json"]
      if let resume {
        directory = RunDirectory(path: resume)
        claim = try RunClaim(existing: directory)
        let setting = try directory.read(
          ResultSetting<Content>.self, from: RunDirectory.setting)
        content = setting.content
      } else {
        content = try newContent()
        directory = RunDirectory(
          path: out ?? "runs/place-\(content.task.name)-\(content.board.name)-\(seed ?? 1)")
        let setting = ResultSetting(
          version: version, command: "place", content: content, results: files)
        claim = try RunClaim(new: directory, files: setting.files, overwrite: overwrite)
        try claim.clear()
        try claim.commit(setting)
      }
      defer { claim.release() }
      try search(content, in: directory)
    }
  }

  private func newContent() throws -> Content {
    let description = try BoardDescription.named(board!)
    let path = try locate(task!, kind: .task)
    let task = try TaskDescription.read(path: path)
    var extent = PlaceSearch.Extent.thorough
    extent.candidates = candidates ?? extent.candidates
    extent.rounds = rounds ?? extent.rounds
    extent.boards = boards ?? extent.boards
    let plan = Plan.usual(
      RuleSettings(update: description.gates.update).fitted(to: description), on: description,
      seed: seed ?? 1)
    let content = Content(
      board: description, task: task, file: path, plan: plan, extent: extent)
    let search = PlaceSearch(task: task, board: description, plan: plan, extent: extent)
    if let obstacle = search.obstacle {
      try Exits.leave(
        "task \(task.name) does not fit board \(description.name): \(obstacle)", with: Exits.data)
    }
    // What keeps the task off the board at any place is told before there is a folder.
    _ = try search.task(at: search.candidate(0)).place(on: description)
    if search.isIndifferent {
      try Exits.leave(
        "all places are alike on \(description.name): every source is joined to every target; "
          + "there is nothing to search", with: Exits.usage)
    }
    if !print && access(path, W_OK) != 0 {
      try Exits.leave(
        "\(path): \(String(cString: strerror(errno))); give a task file that can be written, or "
          + "--print", with: Exits.permission)
    }
    return content
  }

  private func search(_ content: Content, in directory: RunDirectory) throws {
    let search = PlaceSearch(
      task: content.task, board: content.board, plan: content.plan, extent: content.extent)
    let known = try judged(in: directory)
    let log = try AppendedFile(
      path: directory.file("judged.jsonl"), keeping: known.length)
    let display = SearchDisplay(total: search.count, file: consume log)
    let best = try search.best(
      known: known.lines, judging: { display.add($0) }, stopping: { Interruption.isAsked })
    try display.end()
    if Interruption.isAsked {
      try Exits.leave(
        "interrupted; what was judged is kept, go on with: tellegen place --resume "
          + directory.path, with: Exits.interrupted)
    }
    guard let best else {
      try Exits.leave(
        "at none of the places tried does the circuit have a solution", with: Exits.data)
    }
    let placed = search.task(at: best.places)
    let found = Found(
      netlist: content.board.netlist, sources: best.places.sources.map { content.board.nodes[$0] },
      targets: best.places.targets.map { content.board.nodes[$0] },
      sourceNodes: best.places.sources, targetNodes: best.places.targets,
      accuracy: best.accuracy, bound: try reach(placed, content)!,
      before: try reach(content.task, content))
    try directory.write(found, to: "places.json")
    try tell(found, placed, content)
  }

  /// What the exact gradient reaches; `nil` where the task does not fit.
  private func reach(_ task: TaskDescription, _ content: Content) throws -> Reach? {
    guard (try? task.place(on: content.board)) != nil else { return nil }
    let epochs = max(ExactBound.epochs(for: task, on: content.board, effort: 1e7), 5)
    let bound = try ExactBound.reached(
      by: task, on: content.board, seed: content.plan.seed, epochs: epochs)
    return bound.map { Reach(training: $0.training, testing: $0.testing) }
  }

  private func tell(
    _ found: Found, _ placed: TaskDescription, _ content: Content
  ) throws {
    let remark =
      "on \(content.board.name), seed \(content.plan.seed); the exact gradient reaches "
      + ExactWords.reached(found.bound.training)
    let entry = placed.placementEntry(on: content.board, remark: remark)
    if json {
      tellegen.print(try JSON.text(of: found))
    } else {
      tellegen.print(
        """
        \(content.task.name) on \(content.board.name) (\(found.netlist)):
          sources \(found.sources.joined(separator: " ")); \
        targets \(found.targets.joined(separator: " "))
          by the exact gradient this circuit holds \
        \(ExactWords.reached(found.bound.training)) of the training samples, \
        \(found.bound.testing.map(ExactWords.reached) ?? "none are") held out
        """)
      if let before = found.before {
        tellegen.print("  before: \(ExactWords.reached(before.training))")
      }
      if let accuracy = found.accuracy, content.extent.boards > 0 {
        tellegen.print(
          "  by the rule, on \(content.extent.boards) imperfect boards: "
            + "\(Format.percent(accuracy)) of the training samples")
      }
    }
    if print {
      if !json { tellegen.print("placement:\n  \(entry)") }
      return
    }
    let data = try UserFile.read(
      content.file, wanted: "the task file that was placed",
      remedy: "it was there as this search began; put it back, or use --print")
    let text = String(decoding: data, as: UTF8.self)
    // A file may be written in more ways than this program foresees: what it makes of one is read again
    // before it takes the file's place.
    guard let written = placed.writingPlacement(on: content.board, into: text, remark: remark),
      let again = try? TaskDescription.read(text: written, file: content.file),
      again.placements[content.board.netlist] == placed.placements[content.board.netlist],
      again.samples == content.task.samples
    else {
      try Exits.leave(
        "\(content.file): its placements are written in a way that this program does not change; "
          + "put this line under placement: by hand\n  \(entry)", with: Exits.data)
    }
    try WholeFile.write(Data(written.utf8), toPathOfUser: content.file)
    if !json { tellegen.print("Written into \(content.file).") }
  }

  /// What is judged already, and how much of the file holds whole lines.
  private func judged(
    in directory: RunDirectory
  ) throws -> (lines: [PlaceSearch.Judged], length: Int) {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: directory.file("judged.jsonl")))
    else { return ([], 0) }
    var lines: [PlaceSearch.Judged] = []
    var length = 0
    for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      guard
        length + line.count < data.count,
        let judged = try? JSONDecoder().decode(PlaceSearch.Judged.self, from: line)
      else { break }
      lines.append(judged)
      length += line.count + 1
    }
    return (lines, length)
  }
}

/// What an exact gradient reached, in words.
enum ExactWords {
  /// The share that is right, or the root mean square error.
  static func reached(_ measures: Measures) -> String {
    measures.accuracy.map(Format.percent)
      ?? Format.significant(measures.error.squareRoot() * 1000) + " mV rms"
  }
}

/// Counts judgements on standard error, with the best so far, and keeps them in a file; from any
/// thread.
private final class SearchDisplay: Sendable {
  private struct State: ~Copyable {
    var file: AppendedFile
    var done = 0
    var round = 0
    var best: PlaceSearch.Judged?
  }
  private let total: Int
  private let state: Mutex<State>

  init(total: Int, file: sending AppendedFile) {
    self.total = total
    state = Mutex(State(file: file))
  }

  func add(_ judged: PlaceSearch.Judged) {
    state.withLock { state in
      state.done += 1
      if judged.round != state.round {
        // Rounds judge by different lengths: their costs do not compare.
        state.round = judged.round
        state.best = nil
      }
      if judged.cost ?? .infinity < state.best?.cost ?? .infinity { state.best = judged }
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      if let data = try? encoder.encode(judged) {
        state.file.append(String(decoding: data, as: UTF8.self) + "\n")
        try? state.file.flush()
      }
      let isLive = isatty(2) != 0
      if !isLive && state.done % 50 != 0 { return }
      let best =
        state.best.flatMap { best in
          best.accuracy.map(Format.percent) ?? best.cost.map { Format.significant($0) }
        } ?? "none"
      let line = "\(state.done) of \(total) judged, round \(state.round), best \(best)"
      Console.say(isLive ? "\r\(line)\u{1b}[K" : line + "\n")
    }
  }

  /// Ends the line, and makes what was judged last.
  /// - Throws: `StorageError`.
  func end() throws(StorageError) {
    if isatty(2) != 0 { Console.say("\r\u{1b}[K") }
    try state.withLock { state throws(StorageError) in try state.file.synchronize() }
  }
}
#endif
