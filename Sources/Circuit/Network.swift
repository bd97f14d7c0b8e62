public import Elements

/// One two-ended element and the nodes it joins.
public struct Branch: Sendable, Equatable, Codable {
  /// The node from which the branch's current is counted.
  public var from: Int
  /// The node to which it flows; different from `from`.
  public var to: Int
  /// What joins them.
  public var element: Element

  /// A branch between two different nodes, numbered from 0.
  public init(from: Int, to: Int, element: Element) {
    self.from = from
    self.to = to
    self.element = element
  }
}

/// A network of two-ended elements. Voltages are against a common ground, which is not itself a
/// node.
public struct Network: Sendable, Equatable, Codable {
  /// The number of nodes, 1 to 10 million; nodes are numbered from 0.
  public var nodeCount: Int
  /// The branches; their places in this array number them.
  public var branches: [Branch]
  /// The threshold law of every transistor.
  public var law: ThresholdLaw

  /// A network; nothing is checked until an `OperatingPoint` or `SpiceDeck` is made of it.
  public init(nodeCount: Int, branches: [Branch], law: ThresholdLaw = .soft) {
    self.nodeCount = nodeCount
    self.branches = branches
    self.law = law
  }

  /// Checks nodes, ends and elements.
  ///
  /// - Throws: `CircuitError` for the first thing found wrong.
  public func validate() throws(CircuitError) {
    guard (1...10_000_000).contains(nodeCount) else {
      throw .invalidQuantity(
        what: "number of nodes", value: Double(nodeCount), allowed: "1 to 10000000")
    }
    for (index, branch) in branches.enumerated() {
      for node in [branch.from, branch.to] where node < 0 || node >= nodeCount {
        throw .nodeOutOfRange(node: node, nodeCount: nodeCount, use: "an end of branch \(index)")
      }
      guard branch.from != branch.to else { throw .selfLoop(branch: index, node: branch.from) }
      try branch.element.validate(branch: index)
    }
  }
}

extension Element {
  /// Checks the element's values; `branch` is named in the error.
  func validate(branch: Int) throws(CircuitError) {
    func check(
      _ value: Double, _ what: String, _ range: ClosedRange<Double>
    ) throws(CircuitError) {
      guard range.contains(value) else {
        throw .invalidQuantity(
          what: "\(what) of branch \(branch)", value: value,
          allowed: "\(range.lowerBound) to \(range.upperBound)")
      }
    }
    switch self {
    case .transistor(let transistor, let gate):
      try transistor.validate(check)
      try check(gate, "gate voltage", CircuitError.voltageRange)
    case .fixed(let element): try element.kind.validate(check)
    case .open: break
    }
  }
}

/// What can be wrong with a network, with a request to its solver, or with the solution.
public enum CircuitError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A node number outside 0 ..< `nodeCount`; `use` says where it was given.
  case nodeOutOfRange(node: Int, nodeCount: Int, use: String)
  /// A branch number outside 0 ..< `branchCount`.
  case branchOutOfRange(branch: Int, branchCount: Int)
  /// Both ends of a branch at one node.
  case selfLoop(branch: Int, node: Int)
  /// A value that is not finite or not in the allowed range.
  case invalidQuantity(what: String, value: Double, allowed: String)
  /// A node listed twice among the driven ones.
  case drivenTwice(node: Int)
  /// A voltage given to a node that is not among the driven ones.
  case notDriven(node: Int)
  /// A source attached to a node not declared attachable, or a driven node declared so.
  case notAttachable(node: Int)
  /// A gate voltage given to a branch that is no transistor.
  case notTransistor(branch: Int)
  /// A parameter asked of a branch whose element has none such.
  case noParameter(BranchParameter, branch: Int)
  /// A branch to be given a conductance that is no resistor, potentiometer or open place.
  case noConductance(branch: Int)
  /// A list of values for branches of the wrong length.
  case wrongValueCount(given: Int, branchCount: Int)
  /// A list of voltages of the wrong length.
  case wrongVoltageCount(given: Int, expected: Int)
  /// No solution found. The node has the largest residual current, given in amperes.
  case notConverged(node: Int, residual: Double, iterations: Int, sweeps: Int)

  /// The voltages that a gate, a driven node or an attached source may have, in volts.
  public static let voltageRange = -1000.0...1000.0

  /// What is wrong, where, and what would be allowed.
  public var description: String {
    switch self {
    case .nodeOutOfRange(let node, let nodeCount, let use):
      "node \(node), \(use), does not exist: nodes are numbered 0 to \(nodeCount - 1)"
    case .branchOutOfRange(let branch, let branchCount):
      branchCount == 0
        ? "branch \(branch) does not exist: the network has no branches"
        : "branch \(branch) does not exist: branches are numbered 0 to \(branchCount - 1)"
    case .selfLoop(let branch, let node):
      "both ends of branch \(branch) are node \(node): a branch joins two different nodes"
    case .invalidQuantity(let what, let value, let allowed):
      "\(what) is \(value): allowed is \(allowed)"
    case .drivenTwice(let node):
      "node \(node) is listed twice among the driven nodes"
    case .notDriven(let node):
      "node \(node) is not among the driven nodes: only those can be given a voltage"
    case .notAttachable(let node):
      "node \(node) is not attachable: declare it so at the start; it must be a free node"
    case .notTransistor(let branch):
      "branch \(branch) is not a transistor: it has no gate"
    case .noParameter(let parameter, let branch):
      "the element of branch \(branch) has no \(parameter.words); its kind has others"
    case .noConductance(let branch):
      "branch \(branch) cannot be given a conductance: only resistors, potentiometers and open "
        + "places can"
    case .wrongValueCount(let given, let branchCount):
      "\(given) values given: the network has \(branchCount) branches"
    case .wrongVoltageCount(let given, let expected):
      "\(given) voltages given: the network has \(expected) nodes"
    case .notConverged(let node, let residual, let iterations, let sweeps):
      "no operating point found after \(iterations) Newton iterations and \(sweeps) sweeps: "
        + "node \(node) has the largest residual current, \(residual) A"
    }
  }
}
