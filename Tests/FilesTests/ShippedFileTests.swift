import Elements
import Files
import Foundation
import Testing

/// The files in `board` and `task`.
@Suite struct ShippedFileTests {
  private func board(_ name: String) throws -> BoardDescription {
    try BoardDescription.read(path: try locate(name, kind: .board, near: [packageRoot]))
  }

  private func task(_ name: String) throws -> TaskDescription {
    try TaskDescription.read(path: try locate(name, kind: .task, near: [packageRoot]))
  }

  @Test func `every shipped file is valid and named like its file`() throws {
    let boards = knownNames(of: .board, near: [packageRoot])
    let tasks = knownNames(of: .task, near: [packageRoot])
    #expect(
      Set(boards).isSuperset(of: ["lattice", "lattice-multiplier", "two-edge", "breadboard"]))
    #expect(Set(tasks).isSuperset(of: ["xor", "regression", "allostery", "iris", "two-tasks"]))
    for name in boards {
      let read = try board(name)
      #expect(read.name == name)
      #expect(try BoardDescription.read(text: read.yaml(), file: name) == read)
    }
    for name in tasks { #expect(try task(name).name == name) }
  }

  @Test(arguments: ["lattice", "lattice-multiplier"])
  func `the lattice files are the lattice of side 4`(_ name: String) throws {
    let read = try board(name)
    var made = BoardDescription.lattice(side: 4, update: read.gates.update)
    made.name = name
    made.about = read.about
    // Placements may be tuned without changing the network.
    (made.sources, made.targets) = (read.sources, read.targets)
    // What a generated lattice leaves open.
    (made.targetChannels, made.wiring) = (read.targetChannels, read.wiring)
    #expect(read == made)
  }

  @Test func `the two-edge rig has 2.2 ms and two learning edges`() throws {
    let rig = try board("two-edge")
    #expect(rig.gates.update == .multiplier)
    #expect(abs(rig.gates.ohms * rig.gates.farads - 2.2e-3) < 1e-12)
    #expect(rig.edges.filter { $0.part == .learning }.map(\.name) == ["G+", "G-"])
    #expect(rig.edges[2].part == .fixed(.resistor(ohms: 500)))
  }

  @Test(arguments: ["xor", "regression", "allostery", "iris", "two-tasks"])
  func `every task fits the lattice`(_ name: String) throws {
    let task = try task(name)
    let places = try task.place(on: try board("lattice"))
    #expect(places.sources.count == task.inputs.count)
    #expect(places.targets.count == task.outputs.channels)
    _ = try task.place(on: try board("lattice-multiplier"))
  }

  @Test func `small tasks fit small boards`() throws {
    _ = try task("regression").place(on: try board("breadboard"))
    _ = try task("allostery").place(on: try board("breadboard"))
    _ = try task("two-tasks").place(on: try board("two-edge"))
    #expect(throws: DescriptionError.self) { try task("xor").place(on: try board("breadboard")) }
  }

  @Test func `iris has fifty of each species and brings its complements and constants`() throws {
    let iris = try task("iris")
    #expect(iris.samples.count == 150 && iris.training == 100)
    let counts = (0..<3).map { species in iris.samples.count { $0.category == species } }
    #expect(counts == [50, 50, 50])
    for sample in iris.samples {
      #expect(abs(sample.inputs[2] + sample.inputs[4] - 0.45) < 1e-12)
      #expect(abs(sample.inputs[3] + sample.inputs[5] - 0.45) < 1e-12)
      #expect(sample.inputs[6...] == [0.45, 0])
    }
  }

  @Test func `descriptions survive a round trip through JSON`() throws {
    let iris = try task("iris")
    let again = try JSONDecoder().decode(
      TaskDescription.self, from: try JSONEncoder().encode(iris))
    #expect(again == iris)
    let rig = try board("two-edge")
    #expect(
      try JSONDecoder().decode(BoardDescription.self, from: try JSONEncoder().encode(rig)) == rig)
  }
}
