import Elements

/// A network written as a deck for ngspice, to check an operating point with an independent
/// program: `ngspice -b deck.cir` prints every node's voltage as `v(n0) = ...`.
///
/// Node i is called `n<i>`, branch i `m<i>`, `b<i>`, `r<i>` or `d<i>`. Under the sharp law transistors
/// with slope factor 1 are level-1 MOSFETs without body effect and without channel-length modulation;
/// under the soft law, and with other factors, they are behavioural sources of the same current. Every
/// free node carries the leak of `OperatingPoint.leak`.
public struct SpiceDeck: Sendable {
  /// The deck.
  public let text: String

  /// Writes the deck of a network.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - driven: The driven nodes and their voltages in volts, each node once.
  ///   - attached: Sources of finite stiffness: node, conductance in siemens (above 0) and
  ///     open-circuit voltage in volts.
  /// - Throws: `CircuitError` where the network, a node or a value is not valid.
  public init(
    network: Network, driven: [(node: Int, volts: Double)],
    attached: [(node: Int, conductance: Double, volts: Double)] = []
  ) throws(CircuitError) {
    // The solver's own checks, so that both accept the same.
    var point = try OperatingPoint(
      network: network, driven: driven.map(\.node), attachable: attached.map(\.node))
    for (node, volts) in driven { try point.drive(node, volts) }
    for (node, conductance, volts) in attached {
      try point.attach(node, conductance: conductance, volts: volts)
    }

    var lines = ["* DC operating point of a network of \(network.nodeCount) nodes"]
    var isDriven = [Bool](repeating: false, count: network.nodeCount)
    for (node, volts) in driven {
      isDriven[node] = true
      lines.append("vdrive\(node) n\(node) 0 dc \(volts)")
    }
    for (index, source) in attached.enumerated() where source.conductance > 0 {
      lines.append("vattach\(index) a\(index) 0 dc \(source.volts)")
      lines.append("rattach\(index) a\(index) n\(source.node) \(1 / source.conductance)")
    }
    for node in 0..<network.nodeCount where !isDriven[node] {
      lines.append("rleak\(node) n\(node) 0 \(1 / OperatingPoint.leak)")
    }
    for (index, branch) in network.branches.enumerated() {
      lines += Self.lines(of: branch, number: index, law: network.law)
    }
    // Behavioural sources have no limits of their own on a Newton step: where they begin matters, not
    // for the solution but for finding it.
    let volts = driven.map(\.volts) + attached.filter { $0.conductance > 0 }.map(\.volts)
    let middle = volts.reduce(0, +) / Double(max(volts.count, 1))
    let free = isDriven.indices.filter { !isDriven[$0] }
    if !free.isEmpty {
      lines.append(".nodeset " + free.map { "v(n\($0))=\(middle)" }.joined(separator: " "))
    }
    lines += [
      ".options reltol=1e-9 vntol=1e-10 abstol=1e-18 gmin=1e-18 itl1=2000 itl2=2000 numdgt=15",
      ".control",
      "op",
    ]
    for node in 0..<network.nodeCount { lines.append("print v(n\(node))") }
    lines += [".endc", ".end", ""]
    text = lines.joined(separator: "\n")
  }

  private static func lines(
    of branch: Branch, number: Int, law: ThresholdLaw
  ) -> [String] {
    let (from, to) = ("n\(branch.from)", "n\(branch.to)")
    return switch branch.element {
    case .transistor(let transistor, let gate):
      transistor.spiceLines(number: number, from: from, to: to, gate: gate, law: law)
    case .fixed(let element): element.kind.spiceLines(number: number, from: from, to: to)
    case .open: ["* branch \(number): open"]
    }
  }
}
