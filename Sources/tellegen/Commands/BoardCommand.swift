import ArgumentParser
import Circuit
import Elements
import Files
import Foundation
import Reports
import Runs
import BoardDouble
import Wiring

struct BoardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "board",
    abstract:
      "Looks at boards and their wiring, makes lattices and bipartite boards, writes SPICE decks.",
    subcommands: [
      Check.self, Wiring.self, BillOfMaterials.self, Lattice.self, Bipartite.self,
      Spice.self,
    ])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads a board file, refuses what is wrong, and says what the board is.")
    @Argument(help: "The board: a name in board/ or a file.")
    var board: String
    @Option(help: "A task that must fit the board.")
    var task: String?

    func run() throws {
      try Exits.catching {
        let description = try BoardDescription.named(board)
        let learning = description.learningEdges.count
        print("\(description.name): \(description.about)")
        print(
          "  \(description.nodes.count) nodes, \(description.edges.count) edges, \(learning) of "
            + "them learning (\(description.gates.update.rawValue) edges)")
        print(
          "  \(description.sourceChannels) source and \(description.targetChannels) target channels"
        )
        if let wiring = description.wiring {
          let chips = try description.billOfMaterials().filter(\.isChip)
          print(
            "  wiring: \(wiring.kind.rawValue) on \(wiring.chip), \(wiring.wires.count) lines, "
              + "\(wiring.selects.count) selects, \(chips.reduce(0) { $0 + $1.count }) chips")
        } else {
          print("  wiring: none, so only its double can learn")
        }
        if let task {
          let task = try TaskDescription.named(task)
          let place = try task.place(on: description)
          func names(_ nodes: [Int]) -> String {
            nodes.map { description.nodes[$0] }.joined(separator: " ")
          }
          print("  \(task.name): sources \(names(place.sources)); targets \(names(place.targets))")
          print("  inputs in channel order: \(task.inputs.map(\.name).joined(separator: ", "))")
        }
      }
    }
  }

  struct Wiring: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints how a board is wired: lines, selects, channels, comparator and drive bits.")
    @Argument(help: "The board: a name in board/ or a file.")
    var board: String
    @Option(help: "The task whose placement joins channels to nodes; default: the board's nodes.")
    var task: String?
    @Option(help: "With --task: count the line operations of a step of this rule only.")
    var rule: RuleSettings.Name?

    func run() throws {
      try Exits.catching {
        let description = try BoardDescription.named(board)
        let task = try task.map {
          try TaskDescription.named($0)
        }
        var tables = try description.wiringTables(for: task)
        if let task {
          let times = OperationTimes(description: description)
          let wired = description.wiring?.sources ?? []
          let overBus = description.wiring?.spi != nil
          let sources = task.inputs.indices.count { channel in
            let isRail = channel < wired.count && wired[channel].rail != nil
            return task.inputs[channel].column != nil && !isRail
          }
          tables.append(
            TextTable(
              title: "Line operations of a step that moves gates, at most"
                + (overBus ? ", exchanges over the bus among them:" : ":"),
              head: ["rule", "operations"],
              rows: RuleSettings.Name.allCases.filter { rule == nil || $0 == rule }.map { name in
                let count = times.lineOperations(
                  sources: sources, targets: task.outputs.channels,
                  comparisons: name.isCentred ? 2 : 1, overBus: overBus)
                return [name.rawValue, "\(count)"]
              }))
        }
        print(tables.map(\.text).joined(separator: "\n"), terminator: "")
      }
    }
  }

  struct BillOfMaterials: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "bom", abstract: "Prints the parts a wired board takes.")
    @Argument(help: "The board: a name in board/ or a file.")
    var board: String

    func run() throws {
      try Exits.catching {
        let description = try BoardDescription.named(board)
        let rows = try description.billOfMaterials().map { ["\($0.count)", $0.part, $0.purpose] }
        let table = TextTable(head: ["count", "part", "what for"], rows: rows)
        print(table.text, terminator: "")
      }
    }
  }

  struct Lattice: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the board file of a periodic L x L lattice.")
    @Option(help: "L, the number of nodes on a side (3 ... 100).")
    var side: Int = 4
    @Option(help: "The kind of learning edge: comparator or multiplier.")
    var update: String = UpdateKind.comparator.rawValue

    func validate() throws {
      if !(3...100).contains(side) {
        throw ValidationError("--side is \(side); allowed is 3 ... 100")
      }
      if UpdateKind(rawValue: update) == nil {
        throw ValidationError("--update is '\(update)'; allowed is comparator or multiplier")
      }
    }

    func run() throws {
      let update = UpdateKind(rawValue: update) ?? .comparator
      print(BoardDescription.lattice(side: side, update: update).yaml(), terminator: "")
    }
  }

  struct Bipartite: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the board file of a bipartite board: every source joined to every target.")
    @Option(help: "The number of sources, 1 ... 1024.")
    var sources: Int
    @Option(help: "The number of targets, 1 ... 1024.")
    var targets: Int

    func validate() throws {
      let range = BoardDescription.bipartiteSides
      for (name, value) in [("--sources", sources), ("--targets", targets)]
      where !range.contains(value) {
        throw ValidationError(
          "\(name) is \(value); allowed is \(range.lowerBound) ... \(range.upperBound)")
      }
    }

    func run() {
      print(
        BoardDescription.bipartite(sources: sources, targets: targets).yaml(), terminator: "")
    }
  }

  struct Spice: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes an ngspice deck of a board's free twin, and our own solution beside it.",
      discussion: """
        Run the deck with: ngspice -b DECK. Its transistors are level-1 MOS with gamma = lambda = 0,
        which is the sharp threshold law; the solution in the comments is for the same law.
        """)
    @Argument(help: "The board: a name in board/ or a file.")
    var board: String
    @Option(
      help:
        "The task whose sample drives the sources; default: the first two sources at 0 and 0.45 V.")
    var task: String?
    @Option(help: "The sample's number, from 0.")
    var sample: Int = 0
    @Option(help: "The seed of the board's parts.")
    var seed: UInt64 = 1
    @Option(help: "The voltage of every gate, V (0 ... 5.5); default 2.2.")
    var gate: Double = 2.2
    @Option(help: "The record.json of a run whose last gates are taken instead.")
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
        description.law = .sharp
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
          gates = try RunRecord.gates(
            at: record, count: gates.count, board: description.name)
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

struct TaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task", abstract: "Reads a task file, refuses what is wrong, and says what it is.")
  @Argument(help: "The task: a name in task/ or a file.")
  var task: String

  func run() throws {
    try Exits.catching {
      let task = try TaskDescription.named(task)
      print("\(task.name): \(task.about)")
      print(
        "  \(task.samples.count) samples, \(task.training) of them train; \(task.inputs.count) "
          + "inputs, \(task.outputs.count) \(task.outputs.differential ? "differential " : "")"
          + "output\(task.outputs.count == 1 ? "" : "s")")
    }
  }
}
