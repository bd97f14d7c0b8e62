import Files
import Portable
import Runs

/// A board with what an attempt says of it: its network, nodes on a circle in the file's order and edges between
/// them, and below it the lines and chips by which the program reaches it, each by its verdict.
struct BoardDrawing {
  /// What an attempt says of an edge, a node, a line or a chip.
  enum Verdict: String {
    /// Nothing.
    case unseen
    /// It was measured, and all of it lies within its limits.
    case good
    /// It is named among others by what is wrong, one of which is to blame.
    case maybe
    /// It is named by what is wrong, and nothing in its place.
    case bad
  }

  /// The verdict of each edge, in the board's order, and what is said of it.
  let edges: [(verdict: Verdict, words: String)]
  /// The same of each node.
  let nodes: [(verdict: Verdict, words: String)]
  /// The lines that all edges share and the chips, in the board's order, then what else of the wiring is named:
  /// lines of edges, registers.
  let wiring: [(name: String, verdict: Verdict, words: String)]
  private let board: BoardDescription

  /// What stands in a finding between mistakes of which one explains it.
  static let otherwise = "; or "

  /// What can be told apart in a drawing.
  private static let mostNodes = 64
  private static let mostEdges = 300

  /// Judges the parts of a board; `nil` where the attempt says nothing of them, or where the board
  /// is too large to be drawn.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - record: the attempt.
  init?(_ board: BoardDescription, _ record: ScenarioRecord) {
    guard board.nodes.count <= BoardDrawing.mostNodes, board.edges.count <= BoardDrawing.mostEdges
    else { return nil }
    let complaints = record.phases.flatMap(\.complaints)
    let readings = record.phases.flatMap(\.readings).map(\.reading.name)
    func judge(_ name: String, by complaints: [String]) -> (Verdict, String) {
      let accusing = complaints.filter { BoardDrawing.names($0, name) }
      if let words = accusing.first(where: { !$0.contains(BoardDrawing.otherwise) }) {
        return (.bad, words)
      }
      if let words = accusing.first { return (.maybe, words) }
      let count = readings.count { BoardDrawing.names($0, name) }
      return count > 0
        ? (.good, "\(count) reading\(count == 1 ? "" : "s") within limits") : (.unseen, "not seen")
    }
    edges = board.edges.map { judge($0.name, by: complaints) }
    // What names an edge may say at which node that shows: this one is not to blame.
    let ofNodes = complaints.filter { words in
      !board.edges.contains { BoardDrawing.names(words, $0.name) }
    }
    nodes = board.nodes.map { judge($0, by: ofNodes) }
    wiring = BoardDrawing.wiring(of: board, record, complaints)
    self.board = board
    let isTold = (edges + nodes).contains { $0.verdict != .unseen }
    if !isTold, !wiring.contains(where: { $0.verdict != .unseen }) { return nil }
  }

  /// Judges lines and chips.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - record: the attempt.
  ///   - complaints: what is wrong, in words.
  /// - Returns: each with its verdict.
  private static func wiring(
    of board: BoardDescription, _ record: ScenarioRecord, _ complaints: [String]
  ) -> [(name: String, verdict: Verdict, words: String)] {
    guard let wiring = board.wiring else { return [] }
    let mistakes = record.phases.flatMap(\.named).flatMap { alternatives in
      alternatives.map {
        (
          names: $0.names(on: board), words: $0.words(on: board),
          verdict: alternatives.count > 1 ? Verdict.maybe : .bad
        )
      }
    }
    func judge(_ name: String) -> (name: String, verdict: Verdict, words: String) {
      let accusing = mistakes.filter {
        $0.names.lines.contains(name) || $0.names.chips.contains(name)
      }
      if let worst = accusing.first(where: { $0.verdict == .bad }) ?? accusing.first {
        return (name, worst.verdict, worst.words)
      }
      if let words = complaints.first(where: { BoardDrawing.names($0, name) }) {
        return (name, words.contains(otherwise) ? .maybe : .bad, words)
      }
      return (name, .unseen, "not named")
    }
    let roles = wiring.wires.map(\.role)
    let shared = roles.filter { !$0.contains(".") }
    let chips = wiring.selects.indices.map { board.chip(atSelect: $0) }
    // Edges have hundreds of wires, and chains many registers: the others are not shown.
    let others =
      board.learningEdges.flatMap { edge in
        WiringDescription.edgeRoles.map { "\(edge.name).\($0)" }
      } + board.registers
    return (shared + chips).map(judge) + others.map(judge).filter { $0.verdict != .unseen }
  }

  /// Whether a text has a name as a whole: n1 is not named by n1-n2, nor by n12.
  static func names(_ text: String, _ name: String) -> Bool {
    func isPart(_ character: Character?) -> Bool {
      guard let character else { return false }
      return character.isLetter || character.isNumber || "-+_".contains(character)
    }
    return text.ranges(of: name).contains { range in
      let before = range.lowerBound == text.startIndex ? nil : text[..<range.lowerBound].last
      return !isPart(before) && !isPart(text[range.upperBound...].first)
    }
  }

  /// The drawing as SVG that takes its colours from the page.
  var svg: String {
    let count = board.nodes.count
    let radius = count <= 8 ? 90.0 : 150.0
    let (middle, size) = (radius + 45, 2 * radius + 90)
    let places = (0..<count).map { node in
      // The first node stands at the left, the others follow clockwise.
      let angle = 2 * Double.pi * Double(node) / Double(count)
      let (sine, cosine) = Elementary.sineAndCosine(angle)
      return (x: middle - radius * cosine, y: middle - radius * sine)
    }
    var text =
      "<svg class=\"board\" viewBox=\"0 0 \(rounded(size)) \(rounded(size))\" width=\"\(rounded(size))\" "
      + "role=\"img\" aria-label=\"the board with its verdicts\">\n"
    var between: [[Int]: Int] = [:]
    for (edge, judged) in zip(board.edges, edges) {
      let (from, to) = (places[edge.from], places[edge.to])
      // Edges that join the same two nodes lie beside each other.
      let ends = [min(edge.from, edge.to), max(edge.from, edge.to)]
      let beside = between[ends, default: 0]
      between[ends] = beside + 1
      let bend = 0.25 * Double((beside + 1) / 2) * (beside % 2 == 0 ? 1 : -1)
      let x = (from.x + to.x) / 2 + bend * (to.y - from.y)
      let y = (from.y + to.y) / 2 - bend * (to.x - from.x)
      text +=
        "<path class=\"edge \(judged.verdict.rawValue)\" d=\"M\(rounded(from.x)) \(rounded(from.y))"
        + "Q\(rounded(x)) \(rounded(y)) \(rounded(to.x)) \(rounded(to.y))\">"
        + "<title>\(escaped("\(edge.name): \(judged.words)"))</title></path>\n"
    }
    for (node, place) in places.enumerated() {
      let judged = nodes[node]
      // Sources are squares, targets rings, what is neither a dot.
      let shape =
        if board.sources.contains(node) {
          "<rect x=\"\(rounded(place.x - 7))\" y=\"\(rounded(place.y - 7))\" width=\"14\" height=\"14\""
        } else {
          "<circle cx=\"\(rounded(place.x))\" cy=\"\(rounded(place.y))\" "
            + "r=\"\(board.targets.contains(node) ? 8 : 5)\""
        }
      let kind =
        board.sources.contains(node)
        ? "source" : board.targets.contains(node) ? "target" : "hidden"
      text +=
        shape + " class=\"node \(kind) \(judged.verdict.rawValue)\">"
        + "<title>\(escaped("\(kind == "hidden" ? "node" : kind) \(board.nodes[node]): \(judged.words)"))"
        + "</title></\(kind == "source" ? "rect" : "circle")>\n"
      let away = (radius + 24) / radius
      text +=
        "<text x=\"\(rounded(middle + away * (place.x - middle)))\" "
        + "y=\"\(rounded(middle + away * (place.y - middle) + 4))\">\(escaped(board.nodes[node]))</text>\n"
    }
    return text + "</svg>\n"
  }

  /// The drawing with what its colours and shapes mean, and the names of what is wrong.
  var figure: String {
    let named =
      zip(board.edges.map(\.name), edges).map { ($0, $1.verdict) }
      + zip(board.nodes, nodes).map { ("node \($0)", $1.verdict) }
      + wiring.map { ($0.name, $0.verdict) }
    func list(_ verdict: Verdict) -> String {
      let names = named.filter { $0.1 == verdict }.map(\.0)
      return names.isEmpty ? " (none)" : " (\(escaped(names.joined(separator: ", "))))"
    }
    let unseen = edges.count { $0.verdict == .unseen }
    let hasDoubt = named.contains { $0.1 == .maybe }
    let wires = wiring.map {
      "<li class=\"\($0.verdict.rawValue)\" title=\"\(escaped($0.words))\">\(escaped($0.name))</li>"
    }
    var caption =
      "Squares are sources, rings targets. <span class=\"PASS\">Green</span>: measured, within limits. "
      + "<span class=\"FAIL\">Red</span>: named by what is wrong\(list(.bad)). "
    if hasDoubt {
      caption +=
        "<span class=\"SKIP\">Amber</span>: one of these may be to blame\(list(.maybe)). "
    }
    caption += "Dashed: not measured by itself (\(unseen) of \(edges.count) edges)."
    var text = "<figure>\n\(svg)<figcaption><p>\(caption)</p>\n"
    if !wires.isEmpty {
      text += "<p>Lines and chips:</p>\n<ul class=\"wires\">\(wires.joined(separator: "\n"))</ul>\n"
    }
    return text + "</figcaption>\n</figure>\n"
  }
}
