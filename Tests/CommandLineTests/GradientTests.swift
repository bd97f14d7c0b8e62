import Foundation
import Testing

/// `tellegen gradient`, `tellegen descend` and the experiments behind them.
@Suite struct GradientCommandTests {
  @Test func `gradient prints every rule and cause, and refuses a negative nudge beyond its bound`()
    throws
  {
    try Program.run { tellegen in
      let end = try tellegen("gradient", "--samples", "40")
      #expect(end.code == 0, "\(end.errors)")
      for word in [
        "EP, beta", "EP, centred", "CL, eta 0.5", "output weight", "non-reciprocity",
        "finite nudge",
        "offsets", "quantisation", "lambda_min(S)",
      ] {
        #expect(end.output.contains(word), "\(word)")
      }
      let beyond = try tellegen("gradient", "--beta", "1")
      #expect(beyond.code == 64)
      #expect(beyond.errors.contains("lambda_min(S) = 0.00"))
      #expect(try tellegen("gradient", "--gate", "9").code == 64)
      #expect(try tellegen("gradient", "--board", "nowhere").code == 65)
    }
  }

  @Test func `the gradient is printed edge by edge, and the same as JSON`() throws {
    struct Outcome: Decodable {
      struct Slope: Decodable {
        var edge: String
        var gate_V: Double
        var gradient_V2_per_V: Double
      }
      struct Compared: Decodable {
        var rule: String
        var cosines: [String: Double]
      }
      var samples_that_cost: Int
      var gradient: [Slope]
      var rules: [Compared]
    }
    try Program.run { tellegen in
      let shared = ["gradient", "--task", "regression", "--board", "lattice", "--gate", "2.3"]
      let end = try tellegen(shared + ["--json"])
      #expect(end.code == 0, "\(end.errors)")
      let outcome = try JSONDecoder().decode(Outcome.self, from: Data(end.output.utf8))
      #expect(outcome.gradient.count == 32 && Set(outcome.gradient.map(\.edge)).count == 32)
      #expect(outcome.gradient.allSatisfy { $0.gate_V == 2.3 && $0.gradient_V2_per_V != 0 })
      #expect(outcome.samples_that_cost > 0 && outcome.rules.count == 6)
      #expect(outcome.rules[0].cosines["output weight"] != nil)
      let table = try tellegen(shared + ["--edges"])
      #expect(table.output.contains("gradient (V^2/V)"))
      for slope in outcome.gradient { #expect(table.output.contains("\(slope.edge)  ")) }
      #expect(!(try tellegen(shared).output.contains("gradient (V^2/V)")))
    }
  }

  @Test func `descend's help says how its rate falls`() throws {
    try Program.run { tellegen in
      let help = try tellegen("descend", "--help").output.split(whereSeparator: \.isWhitespace)
      #expect(help.joined(separator: " ").contains("falls straight to a fiftieth at the last step"))
    }
  }

  @Test func `descend trains, keeps the gates and programs boards`() throws {
    try Program.run { tellegen in
      let end = try tellegen(
        "descend", "--board", "lattice", "--task", "iris", "--width", "0.005", "--epochs", "10",
        "--batch", "10", "--boards", "1", "--out", "d")
      #expect(end.code == 0, "\(end.errors)")
      #expect(end.output.contains("32 learning edges") && end.output.contains("fresh board 1"))
      let kept = try tellegen.text("d/gates.json")
      #expect(kept.contains("\"gates\""))
      let again = try tellegen("descend", "--out", "d")
      #expect(again.code == 64)
      for arguments in [
        ["--rate", "0"], ["--share", "2"], ["--noise", "0.1", "--rho", "1"], ["--adaptive"],
        ["--outputs-only", "--swing", "5"],
      ] {
        #expect(try tellegen(["descend"] + arguments).code == 64, "\(arguments)")
      }
    }
  }

  @Test func `descend by outputs alone learns on the double`() throws {
    try Program.run { tellegen in
      let end = try tellegen(
        "descend", "--board", "lattice", "--task", "regression", "--gradient", "propagation",
        "--epochs", "10", "--batch", "4", "--boards", "0", "--outputs-only", "--out", "d")
      #expect(end.code == 0, "\(end.errors)")
      #expect(end.output.contains("the board that read"))
    }
  }

  @Test func `a made bipartite board reads back`() throws {
    try Program.run { tellegen in
      let made = try tellegen("board", "bipartite", "--sources", "5", "--targets", "3")
      try tellegen.write(made.output, to: "b.yaml")
      let check = try tellegen("board", "check", "b.yaml")
      #expect(check.output.contains("8 nodes, 15 edges, 15 of them learning"))
      #expect(try tellegen("board", "bipartite", "--sources", "0", "--targets", "3").code == 64)
    }
  }

  @Test func `the quick form of an experiment with models holds`() throws {
    try Program.run { tellegen in
      let end = try tellegen("reproduce", "sat-microring", "--quick", "--out", "r")
      #expect(end.code == 0, "\(end.output)")
      #expect(end.output.contains("SAT holds at -1 K"))
      #expect(try tellegen.text("r/sat-microring/microring.csv").contains("plain,1,"))
    }
  }
}
