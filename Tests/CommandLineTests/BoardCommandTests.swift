import Foundation
import Testing

/// `tellegen board`, `tellegen task` and the decks for ngspice.
@Suite struct BoardCommandTests {
  @Test func `a made lattice reads back`() throws {
    try Program.run { tellegen in
      let made = try tellegen("board", "lattice", "--side", "5")
      #expect(made.code == 0)
      try tellegen.write(made.output, to: "five.yaml")
      let check = try tellegen("board", "check", "five.yaml", "--task", "xor")
      #expect(check.code == 0, "\(check.errors)")
      #expect(check.output.contains("25 nodes, 50 edges, 50 of them learning (comparator edges)"))
      #expect(check.output.contains("xor: sources"))
      let train = try tellegen(
        "train", "--board", "five.yaml", "--task", "regression", "--epochs", "1", "--json")
      #expect(train.code == 0)

      let multiplier = try tellegen("board", "lattice", "--side", "3", "--update", "multiplier")
      try tellegen.write(multiplier.output, to: "three.yaml")
      let other = try tellegen("board", "check", "three.yaml")
      #expect(other.output.contains("9 nodes, 18 edges, 18 of them learning (multiplier edges)"))
    }
  }

  @Test func `sides and kinds that are none are wrong usage`() throws {
    try Program.run { tellegen in
      for side in ["2", "101", "-4", "x"] {
        let end = try tellegen("board", "lattice", "--side", side)
        #expect(end.code == 64)
      }
      let update = try tellegen("board", "lattice", "--update", "magic")
      #expect(update.code == 64)
    }
  }

  @Test func `every shipped board and task is sound`() throws {
    try Program.run { tellegen in
      for name in ["lattice", "lattice-multiplier", "breadboard", "two-edge"] {
        let check = try tellegen("board", "check", name)
        #expect(check.code == 0 && check.output.hasPrefix(name + ": "))
      }
      for name in ["iris", "xor", "regression", "allostery", "two-tasks"] {
        let check = try tellegen("task", name)
        #expect(check.code == 0 && check.output.hasPrefix(name + ": "))
      }
      #expect(try tellegen("board", "check", "breadboard", "--task", "xor").code == 65)
    }
  }

  /// The voltages `v(n..) = ...` of lines that begin with a prefix.
  private func voltages(_ text: String, after prefix: String) -> [String: Double] {
    var voltages: [String: Double] = [:]
    for line in text.split(separator: "\n") {
      guard line.hasPrefix(prefix + "v(n") else { continue }
      let words = line.dropFirst(prefix.count).split(separator: " ")
      if words.count >= 3, words[1] == "=", let volts = Double(words[2]) {
        voltages[String(words[0])] = volts
      }
    }
    return voltages
  }

  @Test(arguments: [
    ["lattice"], ["lattice", "--task", "iris", "--sample", "77", "--seed", "5"],
    ["lattice", "--task", "xor", "--ideal", "--gate", "1.6"],
    ["lattice-multiplier", "--task", "regression", "--gate", "2.8"],
    ["breadboard"], ["two-edge", "--task", "two-tasks", "--sample", "1"],
    ["lattice", "--gate", "1.2", "--seed", "9"],
  ])
  func `ngspice finds the voltages that the deck says are ours`(_ arguments: [String]) throws {
    guard let ngspice = find("ngspice") else {
      Issue.record("ngspice is missing; install the Debian package ngspice")
      return
    }
    try Program.run { tellegen in
      let deck = try tellegen(["board", "spice"] + arguments)
      #expect(deck.code == 0)
      try tellegen.write(deck.output, to: "deck.cir")
      let ours = voltages(deck.output, after: "* ours: ")
      #expect(ours.count == (arguments[0].hasPrefix("lattice") ? 16 : 4))
      #expect(ours.values.contains { $0 > 0.01 })
      let spice = try tellegen(["-b", "deck.cir"], executable: ngspice)
      let theirs = voltages(spice.output, after: "")
      #expect(theirs.count == ours.count, "\(spice.output.prefix(500)) \(spice.errors.prefix(500))")
      for (node, volts) in ours {
        #expect(abs((theirs[node] ?? .infinity) - volts) < 1e-6, "\(node)")
      }
    }
  }

  @Test func `a run's last gates can be put into a deck`() throws {
    try Program.run { tellegen in
      let run = try tellegen(
        "train", "--task", "regression", "--epochs", "2", "--out", "run", "--json")
      let gates = try Record(run.output).result.gates
      let deck = try tellegen(
        "board", "spice", "lattice", "--task", "regression", "--record", "run/record.json")
      #expect(deck.code == 0)
      var found: [Double] = []
      for line in deck.output.split(separator: "\n") where line.hasPrefix("vgate") {
        found.append(Double(line.split(separator: " ").last!)!)
      }
      #expect(found == gates)

      // Gates of another board are no gates of this one.
      let other = try tellegen("board", "spice", "breadboard", "--record", "run/record.json")
      #expect(other.code == 64 || other.code == 65)
      #expect(try tellegen("board", "spice", "lattice", "--record", "none.json").code == 74)
    }
  }

  @Test func `a sample or gate that cannot be is wrong usage`() throws {
    try Program.run { tellegen in
      for arguments in [
        ["--task", "xor", "--sample", "4"], ["--task", "xor", "--sample", "-1"], ["--gate", "6"],
        ["--gate", "-0.1"], ["--gate", "nan"],
      ] {
        let end = try tellegen(["board", "spice", "lattice"] + arguments)
        #expect(end.code == 64, "\(arguments)")
      }
    }
  }
}
