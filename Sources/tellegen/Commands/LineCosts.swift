#if Simulation
import ArgumentParser
import Files
import Firmware
import Foundation
import Runs
import LinuxGPIO
import Wiring
import Reports

extension BenchmarkCommand {
  struct LineCosts: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "lines",
      abstract: "Measures what a get and a set of a GPIO line cost, by libgpiod alone and by us.",
      discussion: """
        The board's lines are requested as for training and MOSI is toggled with nothing selected. Both
        ways take turns; the figures are the medians of the turns.
        """)
    @Option(help: "The board: a name in board/ or a file.")
    var board = "lattice"
    @Option(parsing: .unconditional, help: "How many gets and sets a turn (1 ... 1000000).")
    var count = 1000
    @Option(parsing: .unconditional, help: "How many turns (1 ... 1000).")
    var turns = 11
    @Option(parsing: .unconditional, help: "Exit with 1 when we add more than this, in percent.")
    var atMost: Double?
    @OptionGroup var output: OutputOptions

    func validate() throws {
      if !(1...1_000_000).contains(count) {
        throw ValidationError("--count is \(count); allowed is 1 ... 1000000")
      }
      if !(1...1000).contains(turns) {
        throw ValidationError("--turns is \(turns); allowed is 1 ... 1000")
      }
    }

    func run() throws {
      try Exits.catching {
        Interruption.watch()
        let description = try BoardDescription.named(board)
        let wiring = try BoardWiring(description, sources: 0, targets: 0)
        guard var wires = description.wiring else {
          throw WiringError.none(board: description.name)
        }
        // MOSI and MISO are what is measured.
        wires.spi = nil
        var lines = try LinuxLines(wires, wiring: wiring)
        // MOSI and MISO of either wiring.
        let mosi = 1
        let miso = 2
        var rounds: [(library: LinuxLines.Cost, lines: LinuxLines.Cost)] = []
        for _ in 0..<turns where !Interruption.isAsked {
          rounds.append(try lines.costs(input: miso, output: mosi, count: count))
        }
        try lines.rest()
        if Interruption.isAsked { try Exits.leave("interrupted", with: Exits.interrupted) }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        var text = "\(lines.chip.label), libgpiod \(libgpiodVersion), \(turns) x \(count):\n"
        var costs: [String: JSONValue] = [:]
        var worst = 0.0
        for (name, cost) in [("get", \LinuxLines.Cost.get), ("set", \LinuxLines.Cost.set)] {
          let library = median(rounds.map { $0.library[keyPath: cost] })
          let ours = median(rounds.map { $0.lines[keyPath: cost] })
          // Of one turn with the other of the same: what slows both down cancels out.
          let ratios = rounds.map { $0.lines[keyPath: cost] / $0.library[keyPath: cost] }
          let added = (median(ratios) - 1) * 100
          worst = max(worst, added)
          text +=
            "  one \(name): libgpiod \(Format.significant(library / 1000)) us, ours "
            + "\(Format.significant(ours / 1000)) us (\(added > 0 ? "+" : "")"
            + "\(Format.significant(added)) %)\n"
          costs[name] = [
            "libgpiod_ns": JSONValue(library), "ours_ns": JSONValue(ours),
            "added_percent": JSONValue(added),
          ]
        }
        try output.show(
          [
            "chip": JSONValue(lines.chip.label), "libgpiod": JSONValue(libgpiodVersion),
            "turns": JSONValue(turns), "count": JSONValue(count), "costs": .object(costs),
          ], text: text)
        if let atMost, worst > atMost {
          try Exits.leave("we add \(Format.significant(worst)) %", with: Exits.missed)
        }
      }
    }
  }
}
#endif
