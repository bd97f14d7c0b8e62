import BoardDouble
import Files
import Runs

/// Broken parts, and a supply that is low, which explain what a board says as well as mistakes of its wires do.
struct PartSearch {
  /// How many wrong wires at once are likelier than a broken part that explains the same.
  static let mostWires = 3

  private let subject: Subject
  private let wiring: WiringDescription

  init(_ subject: Subject, _ wiring: WiringDescription) {
    self.subject = subject
    self.wiring = wiring
  }

  /// What parts explain.
  struct Explanation {
    /// In words, the best first; none where wires explain more.
    var words: [String] = []
    /// Whether wires would leave much more to chance.
    var isClear = false
  }

  /// Holds what a board says to doubles with one broken part each.
  ///
  /// - Parameters:
  ///   - observation: what it says.
  ///   - moment: when.
  ///   - wires: what the best explanation by wires costs.
  ///   - isCharged: whether targets follow sources, so that some charge came.
  /// - Returns: the parts that cost no more.
  /// - Throws: what a double throws.
  func explanation(
    of observation: WiringObservation, _ moment: WiringExpectation.Moment, wires: Double,
    isCharged: Bool = true
  ) throws -> Explanation {
    var found: [(cost: Double, words: String)] = []
    func offer(_ moment: WiringExpectation.Moment, _ fault: Fault?, _ words: String) throws {
      let expected = try WiringExpectation.of(subject, moment, [], fault: fault)
      found.append((Self.cost(observation, expected, subject, wiring) + 1.3, words))
    }
    let edges = subject.description.edges
    for edge in edges.indices where edges[edge].part == .learning {
      let name = edges[edge].name
      try offer(moment, Fault(kind: .shorted, edge: edge), "edge \(name) is shorted")
      try offer(moment, Fault(kind: .dead, edge: edge), "edge \(name) is open")
    }
    if moment == .charged, isCharged {
      try offer(.weaklyCharged, nil, Self.lowSupply(subject))
    }
    guard let best = found.map(\.cost).min(), best <= wires else { return Explanation() }
    let tied = found.filter { $0.cost <= min(best + 0.5, wires) }.sorted { $0.cost < $1.cost }
    return Explanation(words: tied.prefix(3).map(\.words), isClear: best < wires - 2.5)
  }

  /// What is not explained by what is expected, and what it takes to explain the rest.
  static func cost(
    _ observation: WiringObservation, _ expected: WiringExpectation, _ subject: Subject,
    _ wiring: WiringDescription
  ) -> Double {
    let diagnosis = ComparatorDiagnosis(observation.bits, expected, wiring, subject)
    return diagnosis.cost + Double(expected.misreadings(observation.readings)) - 1.2
      * Double(diagnosis.hits)
  }

  /// A supply of the drives that is low, in words.
  static func lowSupply(_ subject: Subject) -> String {
    "the supply of the drives is low: charges reach less than the "
      + "\(rounded(subject.firstCharge)) V that four pulses give at \(rounded(subject.description.gates.supply)) V "
      + "(measure it)"
  }
}
