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
