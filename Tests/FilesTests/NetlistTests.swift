import Elements
import Testing

@testable import Files

/// Places that belong to a netlist, not to a name.
@Suite struct NetlistTests {
  @Test func `a netlist is called the same whatever board, nodes and edges are named`() {
    let board = BoardDescription.lattice(side: 4)
    var other = BoardDescription.lattice(side: 4, update: .multiplier)
    other.name = "mine"
    other.nodes = other.nodes.map { "x" + $0 }
    other.edges.reverse()
    for edge in other.edges.indices { other.edges[edge].name = "e\(edge)" }
    (other.edges[3].from, other.edges[3].to) = (other.edges[3].to, other.edges[3].from)
    #expect(board.netlist == other.netlist)
    #expect(isNetlist(board.netlist))
    #expect(board.netlist == "netlist-a969c5804ce025fc")
  }

  @Test func `another netlist is called otherwise`() {
    let board = BoardDescription.lattice(side: 4)
    var names: Set = [board.netlist]
    var changed = board
    changed.edges[0].to = 2
    names.insert(changed.netlist)
    changed = board
    changed.edges.removeLast()
    names.insert(changed.netlist)
    changed = board
    changed.nodes.append("spare")
    names.insert(changed.netlist)
    changed = board
    changed.edges[0].part = .fixed(.resistor(ohms: 500))
    names.insert(changed.netlist)
    changed.edges[0].part = .fixed(.resistor(ohms: 501))
    names.insert(changed.netlist)
    #expect(names.count == 6)
  }

  @Test func `a task keeps its places on every board of a netlist`() throws {
    var task = TaskDescription(
      name: "t", inputs: [InputDescription(name: "a", volts: 0.1)],
      outputs: OutputDescription(count: 1), samples: [Sample(inputs: [0.1], labels: [0.2])])
    var board = BoardDescription.lattice(side: 4)
    #expect(!task.isPlaced(on: board))
    task.setPlaces(sources: [7], targets: [2], on: board)
    board.name = "renamed"
    #expect(task.isPlaced(on: board))
    let places = try task.place(on: board)
    #expect(places.sources == [7] && places.targets == [2])
    #expect(!task.isPlaced(on: .lattice(side: 5)))
  }

  /// What placements look like in files, and the line that is written into them.
  static let files: [(before: String, after: String)] = [
    ("name: t\n", "name: t\n\nplacement:\n  NEW\n"),
    ("placement:\n  small: {sources: [x], targets: [z]}\n", "placement:\n  NEW\n  small: "),
    (
      "# c\nplacement: # why\n    OLD: {sources: [9], targets: [8]} # old\nname: t\n",
      "# c\nplacement: # why\n    NEW\nname: t\n"
    ),
    ("placement: {small: {sources: [x], targets: [z]}}\n", "placement: {BARE, small: "),
  ]

  @Test(arguments: files)
  func `a placement is written into a file, and all else stays`(
    _ file: (before: String, after: String)
  ) throws {
    let board = BoardDescription.lattice(side: 4)
    var task = TaskDescription(
      name: "t", inputs: [InputDescription(name: "a", volts: 0.1)],
      outputs: OutputDescription(count: 1), samples: [Sample(inputs: [0.1], labels: [0.2])])
    task.setPlaces(sources: [7], targets: [2], on: board)
    let bare = "\(board.netlist): {sources: [7], targets: [2]}"
    let text = file.before.replacing("OLD", with: board.netlist)
    let written = try #require(task.writingPlacement(on: board, into: text, remark: "found"))
    let wanted = file.after.replacing("NEW", with: bare + " # found").replacing("BARE", with: bare)
    #expect(written.hasPrefix(wanted), "\(written)")
    #expect(written.split(separator: "\n").count >= text.split(separator: "\n").count)
  }
}
