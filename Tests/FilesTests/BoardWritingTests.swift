import Circuit
import Elements
import Files
import Testing

@Suite struct BoardWritingTests {
  @Test(arguments: [3, 4, 6, 128], UpdateKind.allCases)
  func `a lattice reads back equal`(_ side: Int, _ update: UpdateKind) throws {
    let board = BoardDescription.lattice(side: side, update: update)
    let text = board.yaml()
    #expect(text.utf8.count <= 1 << 20)
    #expect(try BoardDescription.read(text: text, file: "lattice") == board)
  }

  @Test(arguments: [3, 4, 5, 6])
  func `every node of a lattice has four neighbours`(_ side: Int) {
    let board = BoardDescription.lattice(side: side)
    #expect(board.nodes.count == side * side)
    #expect(board.edges.count == 2 * side * side)
    var neighbours = [Set<Int>](repeating: [], count: side * side)
    for edge in board.edges {
      neighbours[edge.from].insert(edge.to)
      neighbours[edge.to].insert(edge.from)
    }
    #expect(neighbours.allSatisfy { $0.count == 4 })
  }

  @Test func `edges of a lattice go right before down, row by row`() {
    let edges = BoardDescription.lattice(side: 3).edges.map { [$0.from, $0.to] }
    #expect(edges.prefix(6) == [[0, 1], [0, 3], [1, 2], [1, 4], [2, 0], [2, 5]])
    #expect(edges.suffix(2) == [[8, 6], [8, 2]])
  }

  @Test func `sources and targets of a lattice are different nodes`() {
    for side in 3...9 {
      let board = BoardDescription.lattice(side: side)
      #expect(Set(board.sources + board.targets).count == board.sources.count + board.targets.count)
      #expect(board.sourceChannels >= board.sources.count)
    }
  }

  @Test func `text that YAML would misread is quoted`() throws {
    for word in [
      "true", "no", "null", "~", "1", "1e3", ".5", "a: b", "a #b", "# a", "[a", "*a", "&a", "- a",
      "\"q\"", "back\\slash", "two\nlines", " spaces ", "tab\there", "", "Größe ≥ 5", "%", "@",
      "'",
      "nan", "{", "a,b", "?", "!x", "y", "e\u{301}", String(repeating: "?", count: 20), "&a *a",
    ] {
      var board = BoardDescription.lattice(side: 3)
      board.about = word
      #expect(try BoardDescription.read(text: board.yaml(), file: word).about == word)
    }
  }

  @Test func `numbers are written so that they read back to the last bit`() throws {
    var board = BoardDescription.lattice(side: 3)
    board.transistor.strength = 0.1 / 3
    board.gates.farads = 2.2e-6.nextUp
    board.clampOhms = 1e6.nextDown
    board.imperfections.updateBias = 1.1
    board.imperfections.updateBiasMedian = 0.1
    board.imperfections.leakLowest = 1e-15 / 7
    #expect(try BoardDescription.read(text: board.yaml(), file: "b") == board)
  }

  @Test func `imperfections that are measured or none are one word`() {
    var board = BoardDescription.lattice(side: 3)
    #expect(board.yaml().contains("imperfections: measured\n"))
    board.imperfections = .none
    #expect(board.yaml().contains("imperfections: none\n"))
    #expect((try? BoardDescription.read(text: board.yaml(), file: "b")) == board)
  }
}
