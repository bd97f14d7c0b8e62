#if Simulation
import ArgumentParser
import BoardDouble
import Circuit
import Elements
import Files
import Runs

extension BoardCommand {
  struct Spice: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes an ngspice deck of a board's free twin, and our own solution beside it.",
      discussion: """
        Run the deck with: ngspice -b DECK. Transistors of the sharp threshold law with slope factor 1 are
        level-1 MOS with gamma = lambda = 0, others behavioural sources of the board's own law.
        """)
    @Argument(help: "The board: a name in board/ or a file.")
    var board: String
    @Option(
      help:
        "The task whose sample drives the sources; default: the first two sources at 0 and 0.45 V.")
    var task: String?
    @Option(parsing: .unconditional, help: "The sample's number, from 0.")
    var sample: Int = 0
    @Option(parsing: .unconditional, help: "The seed of the board's parts.")
    var seed: UInt64 = 1
    @Option(parsing: .unconditional, help: "The voltage of every gate, V (0 ... 5.5); default 2.2.")
    var gate: Double = 2.2
    @Option(
      help: "The record.json or gates.json, or the folder, whose learned gates are taken instead.")
    var record: String?
    @Flag(help: "Switch all of the board's imperfections off.")
    var ideal = false

    func validate() throws {
      if !(gate >= 0 && gate <= 5.5) {
        throw ValidationError("--gate is \(gate); allowed is 0 ... 5.5 V")
      }
    }

    func run() throws {
      try Exits.catching {
        var description = try BoardDescription.named(board)
        if ideal { description.imperfections = .none }
        var sources = Array(description.sources.prefix(2))
        var targets = description.targets
        var volts = [0, 0.45]
        if let task {
          let task = try TaskDescription.named(task)
          guard task.samples.indices.contains(sample) else {
            try Exits.leave(
              "--sample is \(sample); the task '\(task.name)' has samples 0 ... "
                + "\(task.samples.count - 1)", with: Exits.usage)
          }
          let place = try task.place(on: description)
          sources = place.sources
          targets = place.targets
          volts = task.samples[sample].inputs
        } else {
          targets = targets.filter { !sources.contains($0) }
        }
        let board = try AnalogBoard(
          description: description, seed: seed, sources: sources, targets: targets)
        var gates = [Double](repeating: gate, count: board.learningEdges.count)
        if let record {
          gates = try LearnedGates.gates(at: record, for: description)
        }
        let twin = try board.freeTwin(
          sources: Array(volts.prefix(sources.count)), gates: gates)
        var deck = try SpiceDeck(network: twin.network, driven: twin.driven).text
        for (node, voltage) in twin.voltages.enumerated() {
          deck += "* ours: v(n\(node)) = \(voltage)  (\(description.nodes[node]))\n"
        }
        print(deck, terminator: "")
      }
    }
  }
}
#endif
