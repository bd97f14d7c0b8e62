import Foundation
import Testing

/// What `place` and `program` do with files that are written in unusual ways, or hold what they cannot.
@Suite struct PlaceWritingTests {
  private static let body = """
    inputs: [{name: a, volts: 0.4}, {name: b, column: 0}]
    outputs: {count: 1}
    labels: [{column: 1}]
    objective: squared_error
    samples: [[0.1, 0.2], [0.3, 0.35], [0.2, 0.3]]
    """

  @Test(arguments: [
    "name: t\n" + body, "name: t\n" + body + "\n...\n",
    body.split(separator: "\n").reduce("  name: t\n") { $0 + "  " + $1 + "\n" },
    "{name: t, inputs: [{name: a, volts: 0.4}, {name: b, column: 0}], outputs: {count: 1}, "
      + "labels: [{column: 1}], objective: squared_error, samples: [[0.1, 0.2], [0.3, 0.35], [0.2, 0.3]]}\n",
    "name: t\n" + body + "\n\"placement\":\n  other: {sources: [n0, n1], targets: [n2]}\n",
  ])
  func `a task file is read again before it is replaced`(_ text: String) throws {
    try Program.run { tellegen in
      try FileManager.default.createSymbolicLink(
        atPath: tellegen.path("board"), withDestinationPath: packageRoot + "/board")
      try tellegen.write(text, to: "t.yaml")
      let before = try tellegen("task", "check", "t.yaml")
      #expect(before.code == 0, "\(before.errors)")
      let end = try tellegen(
        "place", "--board", "lattice", "--task", "t.yaml", "--candidates", "2", "--rounds", "0",
        "--boards", "0", "--out", "places")
      let after = try String(contentsOfFile: tellegen.path("t.yaml"), encoding: .utf8)
      #expect(try tellegen("task", "check", "t.yaml").code == 0)
      if end.code == 0 {
        #expect(after.contains("netlist-"))
      } else {
        #expect(end.code == 65 && end.errors.contains("by hand"), "\(end.errors)")
        #expect(after == text)
      }
    }
  }

  @Test func `a task that does not fit is refused before there is a folder`() throws {
    try Program.run { tellegen in
      try FileManager.default.createSymbolicLink(
        atPath: tellegen.path("board"), withDestinationPath: packageRoot + "/board")
      let inputs = (0..<10).map { "{name: i\($0), volts: 0.1}" }.joined(separator: ", ")
      try tellegen.write(
        "name: t\ninputs: [\(inputs)]\noutputs: {count: 1}\nlabels: [{column: 0}]\nobjective: squared_error\n"
          + "samples: [[0.1], [0.2]]\n", to: "t.yaml")
      let end = try tellegen("place", "--board", "lattice", "--task", "t.yaml", "--out", "places")
      #expect(end.code == 65, "\(end.errors)")
      #expect(!FileManager.default.fileExists(atPath: tellegen.path("places")))
    }
  }
}
