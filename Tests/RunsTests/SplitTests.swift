import Circuit
import Files
import Firmware
import Runs
import TestSupport
import Testing
import BoardDouble
import Wiring

/// A double that writes down the inputs it is shown.
private struct WatchedBoard: LearningBoard {
  typealias Failure = CircuitError
  var inner: DirectBoard
  var shown: [[Voltage]] = []
  private var inputs: [Voltage] = []

  init(_ inner: DirectBoard) { self.inner = inner }

  var abilities: Abilities { inner.abilities }
  var longestPulse: Nanoseconds { inner.longestPulse }
  mutating func drive(source: Int, at voltage: Voltage) throws(CircuitError) {
    inputs.append(voltage)
    try inner.drive(source: source, at: voltage)
  }
  mutating func settle() {
    if !inputs.isEmpty { shown.append(inputs) }
    inputs = []
    inner.settle()
  }
  mutating func measure(target: Int) throws(CircuitError) -> Voltage {
    try inner.measure(target: target)
  }
  mutating func clamp(target: Int, at voltage: Voltage) throws(CircuitError) {
    try inner.clamp(target: target, at: voltage)
  }
  mutating func release(target: Int) throws(CircuitError) { try inner.release(target: target) }
  mutating func compare(into comparisons: inout MutableSpan<Comparison>) throws(CircuitError) {
    try inner.compare(into: &comparisons)
  }
  mutating func pulse(width: Nanoseconds, drives: Span<Drive>) throws(CircuitError) -> Nanoseconds {
    try inner.pulse(width: width, drives: drives)
  }
  mutating func now() -> Nanoseconds { inner.now() }
}

/// Which samples train, in which order.
@Suite struct SplitTests {
  private let iris: TaskDescription

  init() throws { iris = try shippedTask("iris") }

  @Test func `training and test samples are disjoint and all there are`() {
    for seed: UInt64 in 0..<20 {
      let problem = Problem(task: iris, seed: seed)
      #expect(problem.training.count == 100 && problem.testing.count == 50)
      #expect((problem.training + problem.testing).sorted() == Array(0..<150))
    }
  }

  @Test func `the seed alone draws the split`() {
    let splits = (0..<20).map { Problem(task: iris, seed: UInt64($0)).training }
    #expect(splits == (0..<20).map { Problem(task: iris, seed: UInt64($0)).training })
    #expect(Set(splits).count == 20)
    // Every sample trains with some seed and tests with some: no sample is left out by habit.
    for sample in 0..<150 {
      let often = splits.count { $0.contains(sample) }
      #expect(often > 0 && often < 20)
    }
  }

  @Test func `without a test set all samples train`() throws {
    let problem = Problem(task: try shippedTask("regression"), seed: 5)
    #expect(problem.training == Array(0..<8) && problem.testing.isEmpty)
  }

  @Test func `samples are presented in the firmware's units`() throws {
    let problem = Problem(task: iris, seed: 1)
    for (sample, presentation) in zip(iris.samples, problem.presentations) {
      for (volts, voltage) in zip(sample.inputs, presentation.inputs) {
        #expect(abs(voltage.volts - volts) <= 0.5 / 16_777_216)
      }
      #expect(presentation.wanted == .category(sample.category!))
      #expect(presentation.labels.isEmpty)
    }
    #expect(problem.objective == .hinge(Voltage(volts: 0.012)))
    #expect(problem.layout == OutputLayout(count: 3, differential: false))
    let regression = Problem(task: try shippedTask("regression"), seed: 1)
    #expect(regression.objective == .squaredError)
    #expect(regression.layout == OutputLayout(count: 1, differential: true))
    #expect(regression.presentations.allSatisfy { $0.wanted == .labels })
    #expect(regression.presentations[0].labels == [Voltage(volts: 0.054)])
  }

  @Test func `an epoch shows every training sample once, each epoch in another order`() throws {
    let description = try shippedBoard("lattice")
    func orders(seed: UInt64) throws -> (orders: [[[Voltage]]], training: [[Voltage]]) {
      let place = try iris.place(on: description)
      let double = try DirectBoard(
        description: description, seed: seed, sources: place.sources, targets: place.targets)
      let problem = Problem(task: iris, seed: seed)
      var session = try Session(
        board: WatchedBoard(double), description: description, problem: problem,
        plan: plan(description, epochs: 3, seed: seed),
        calibration: Calibration(nominal: description))
      try session.begin()
      var orders: [[[Voltage]]] = []
      while !session.isFinished {
        session.board.shown = []
        _ = try session.trainEpoch()
        // Training first, then the measures.
        #expect(session.board.shown.count == 100 + 150)
        orders.append(Array(session.board.shown.prefix(100)))
      }
      return (orders, problem.training.map { problem.presentations[$0].inputs })
    }
    func sorted(_ inputs: [[Voltage]]) -> [[Int32]] {
      inputs.map { $0.map(\.units) }.sorted { $0.lexicographicallyPrecedes($1) }
    }
    let one = try orders(seed: 1)
    #expect(one.orders.count == 3)
    for order in one.orders {
      #expect(sorted(order) == sorted(one.training))
      #expect(order != one.training)
    }
    #expect(one.orders[0] != one.orders[1])
    #expect(one.orders[1] != one.orders[2] && one.orders[0] != one.orders[2])
    let again = try orders(seed: 1)
    #expect(again.orders == one.orders)
  }
}
