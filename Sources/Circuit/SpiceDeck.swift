import Elements

/// A network written as a deck for ngspice, to check an operating point with an independent
/// program: `ngspice -b deck.cir` prints every node's voltage as `v(n0) = ...`.
///
/// Node i is called `n<i>`, branch i `m<i>`, `r<i>` or `d<i>`. Transistors are level-1 MOSFETs
/// without body effect and without channel-length modulation; that is the sharp law with slope
/// factor 1, and where the network has another law or factor the deck says so in its header. Every
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
    if Self.isFaithful(network) {
      lines.append("* Level-1 transistors: the sharp law with slope factor 1, as in the network.")
    } else {
      lines.append(
        "* NOT EQUIVALENT: level-1 transistors know only the sharp law with slope factor 1.")
      lines.append("* The network has the \(network.law.rawValue) law, or other slope factors.")
    }
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
      lines += Self.lines(of: branch, number: index)
    }
    lines += [
      ".options reltol=1e-9 vntol=1e-10 abstol=1e-15 gmin=1e-18 itl1=2000 itl2=2000 numdgt=15",
      ".control",
      "op",
    ]
    for node in 0..<network.nodeCount { lines.append("print v(n\(node))") }
    lines += [".endc", ".end", ""]
    text = lines.joined(separator: "\n")
  }

  /// Whether level-1 transistors compute the same currents as the network's: the sharp law and
  /// slope factor 1 throughout, or no transistors at all.
  public static func isFaithful(_ network: Network) -> Bool {
    network.branches.allSatisfy { branch in
      guard case .transistor(let transistor, _) = branch.element else { return true }
      return network.law == .sharp && transistor.slope == 1
    }
  }

  private static func lines(of branch: Branch, number: Int) -> [String] {
    let (from, to) = ("n\(branch.from)", "n\(branch.to)")
    return switch branch.element {
    case .transistor(let transistor, let gate):
      transistor.spiceLines(number: number, from: from, to: to, gate: gate)
    case .fixed(let element): element.kind.spiceLines(number: number, from: from, to: to)
    case .open: ["* branch \(number): open"]
    }
  }
}
