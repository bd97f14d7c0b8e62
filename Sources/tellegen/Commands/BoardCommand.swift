import ArgumentParser
import Elements
import Files
import Foundation
import Reports
import Runs
import Wiring

struct BoardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "board",
    abstract:
      "Looks at boards and their wiring, makes lattices and bipartite boards, writes SPICE decks.",
    subcommands: [
      Check.self, Wiring.self, BillOfMaterials.self, Lattice.self, Bipartite.self,
    ] + simulation)

  #if Simulation
  private static let simulation: [any ParsableCommand.Type] = [Spice.self]
  #else
  private static let simulation: [any ParsableCommand.Type] = []
  #endif

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads a board file, refuses what is wrong, and says what the board is.")
    @Argument(help: "The board: a name in board/ or a file.")
    var board: String
    @Option(help: "A task that must fit the board.")
    var task: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
      try Exits.catching {
        let description = try BoardDescription.named(board)
        let learning = description.learningEdges.count
        var text = """
          \(description.name): \(description.about)
            \(description.nodes.count) nodes, \(description.edges.count) edges, \(learning) of \
          them learning (\(description.gates.update.rawValue) edges)
            \(description.netlist), by which tasks keep their places
            \(description.sourceChannels) source and \(description.targetChannels) target channels

          """
        var wired = JSONValue.null
        if let wiring = description.wiring {
          let chips = try description.billOfMaterials().filter(\.isChip)
          let count = chips.reduce(0) { $0 + $1.count }
          text +=
            "  wiring: \(wiring.kind.rawValue) on \(wiring.chip), \(wiring.wires.count) lines, "
            + "\(wiring.selects.count) selects, \(count) chips\n"
          wired = [
            "kind": JSONValue(wiring.kind.rawValue), "chip": JSONValue(wiring.chip),
            "lines": JSONValue(wiring.wires.count), "selects": JSONValue(wiring.selects.count),
            "chips": JSONValue(count),
          ]
        } else {
          text += "  wiring: none, so only its double can learn\n"
        }
        var placed = JSONValue.null
        if let task {
          let task = try TaskDescription.named(task)
          let place = try task.place(on: description)
          func names(_ nodes: [Int]) -> [String] { nodes.map { description.nodes[$0] } }
          let inputs = task.inputs.map(\.name)
          text += """
              \(task.name): sources \(names(place.sources).joined(separator: " ")); targets \
            \(names(place.targets).joined(separator: " "))
              inputs in channel order: \(inputs.joined(separator: ", "))

            """
          placed = [
            "name": JSONValue(task.name), "sources": JSONValue(names(place.sources)),
            "targets": JSONValue(names(place.targets)), "inputs": JSONValue(inputs),
          ]
        }
        try output.show(
          [
            "name": JSONValue(description.name), "about": JSONValue(description.about),
            "nodes": JSONValue(description.nodes.count),
            "edges": JSONValue(description.edges.count), "learning_edges": JSONValue(learning),
            "update": JSONValue(description.gates.update.rawValue),
            "source_channels": JSONValue(description.sourceChannels),
            "target_channels": JSONValue(description.targetChannels), "wiring": wired,
            "task": placed,
          ], text: text)
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
    @OptionGroup var output: OutputOptions

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
        try output.show(
          ["board": JSONValue(description.name), "tables": .list(tables.map { JSONValue($0) })],
          text: tables.map(\.text).joined(separator: "\n"))
      }
    }
  }

  struct BillOfMaterials: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "bom", abstract: "Prints the parts a wired board takes.")
    @Argument(help: "The board: a name in board/ or a file.")
    var board: String
    @OptionGroup var output: OutputOptions

    func run() throws {
      try Exits.catching {
        let description = try BoardDescription.named(board)
        let bill = try description.billOfMaterials()
        let rows = bill.map { ["\($0.count)", $0.part, $0.purpose] }
        let parts = bill.map { entry -> JSONValue in
          [
            "count": JSONValue(entry.count), "part": JSONValue(entry.part),
            "purpose": JSONValue(entry.purpose), "chip": JSONValue(entry.isChip),
          ]
        }
        try output.show(
          ["board": JSONValue(description.name), "parts": .list(parts)],
          text: TextTable(head: ["count", "part", "what for"], rows: rows).text)
      }
    }
  }

  struct Lattice: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the board file of a periodic L x L lattice.")
    @Option(parsing: .unconditional, help: "L, the number of nodes on a side (3 ... 100).")
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
    @Option(parsing: .unconditional, help: "The number of sources, 1 ... 1024.")
    var sources: Int
    @Option(parsing: .unconditional, help: "The number of targets, 1 ... 1024.")
    var targets: Int

    func validate() throws {
      let range = BoardDescription.bipartiteSides
      for (name, value) in [("--sources", sources), ("--targets", targets)]
      where !range.contains(value) {
        throw ValidationError(
          "\(name) is \(value); allowed is \(range.lowerBound) ... \(range.upperBound)")
      }
      // What is written here must be readable.
      let most = BoardDescription.edgesAllowed.upperBound
      guard sources * targets <= most else {
        throw ValidationError(
          "--sources times --targets is \(sources * targets) edges; a board has at most \(most)")
      }
    }

    func run() {
      print(
        BoardDescription.bipartite(sources: sources, targets: targets).yaml(), terminator: "")
    }
  }
}
