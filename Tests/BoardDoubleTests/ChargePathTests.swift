import Foundation
import Testing
import BoardDouble
import Wiring

/// The diode's law against its own formula and against an integration of it that shares nothing
/// with the one under test: the implicit midpoint rule in the current, with the C library's
/// logarithm.
@Suite struct ChargePathTests {
  static let resistance = 100e3
  static let capacitance = 2.2e-6
  static let saturation = 1e-10
  static let emission = 1.8 * 0.0259

  let path = ChargePath(ohms: 100e3, farads: 2.2e-6, saturation: 1e-10, ideality: 1.8)

  /// Headroom that a current needs.
  private func headroom(_ current: Double) -> Double {
    Self.resistance * current + Self.emission * log1p(current / Self.saturation)
  }

  /// The current at a headroom, by bisection.
  private func current(_ wanted: Double) -> Double {
    var low = 0.0
    var high = wanted / Self.resistance
    for _ in 0..<200 {
      let middle = 0.5 * (low + high)
      if headroom(middle) < wanted { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }

  /// The headroom after a pulse in 20,000 steps: d(headroom)/dI dI/dt = -I/C, with the derivative
  /// taken at each step's middle, which rounds of substitution find.
  private func reference(from start: Double, after seconds: Double) -> Double {
    var current = current(start)
    let steps = 20_000
    let step = seconds / Double(steps)
    for _ in 0..<steps {
      var next = current
      for _ in 0..<4 {
        let middle = 0.5 * (current + next)
        let stiffness = Self.resistance + Self.emission / (middle + Self.saturation)
        next = current - step * middle / (Self.capacitance * stiffness)
      }
      current = next
    }
    return headroom(current)
  }

  @Test func `the current uses up the headroom in resistor and diode`() {
    for step in 0...6000 {
      let wanted = Double(step) * 1e-3
      let current = path.current(headroom: wanted)
      #expect(current >= 0)
      #expect(
        abs(headroom(current) - wanted) <= 1e-12 + 1e-13 * wanted,
        "\(wanted) V asks for \(current) A")
    }
  }

  @Test func `no current flows backwards`() {
    for headroom in [-5, -0.7, -1e-9, 0] {
      #expect(path.current(headroom: headroom) == 0)
      #expect(path.drop(headroom: headroom) == 0)
      #expect(path.headroom(from: headroom, after: 0.019) == headroom)
    }
  }

  @Test(arguments: [1e-6, 10e-6, 100e-6, 1e-3, 5e-3, 10e-3, 15.2e-3, 19e-3])
  func `a pulse ends where a fine integration ends`(_ seconds: Double) {
    var worst = (error: 0.0, start: 0.0)
    for tenth in stride(from: 0.6, through: 4.2, by: 0.2) {
      // Discharging, the headroom is the gate; charging, what is left to 5 V.
      for start in [tenth, 5 - tenth] {
        let expected = reference(from: start, after: seconds)
        let found = path.headroom(from: start, after: seconds)
        if abs(found - expected) > worst.error { worst = (abs(found - expected), start) }
      }
    }
    #expect(worst.error <= 1e-7, "from a headroom of \(worst.start) V")
  }

  @Test func `two half pulses are one whole pulse`() {
    for start in [0.7, 1.5, 2.8, 4.4] {
      let whole = path.headroom(from: start, after: 0.016)
      let halves = path.headroom(from: path.headroom(from: start, after: 0.008), after: 0.008)
      #expect(abs(whole - halves) <= 2e-7)
      #expect(whole < start)
    }
  }

  @Test func `the diode drops about 0.53 to 0.62 V where gates work`() {
    for gate in stride(from: 1.0, through: 3.3, by: 0.05) {
      for headroom in [gate, 5 - gate] {
        let drop = path.drop(headroom: headroom)
        #expect(0.50 < drop && drop < 0.625, "\(drop) V at \(headroom) V")
      }
    }
    #expect(abs(path.drop(headroom: 1.5) - 0.53) < 0.02)
    #expect(abs(path.drop(headroom: 5) - 0.60) < 0.02)
  }

  @Test func `a millisecond moves a gate by 4 to 13 mV`() {
    for gate in stride(from: 1.5, through: 3.5, by: 0.1) {
      for headroom in [gate, 5 - gate] {
        let moved = 1000 * (headroom - path.headroom(from: headroom, after: 1e-3))
        #expect(4 <= moved && moved <= 13.5, "\(moved) mV from \(headroom) V")
      }
    }
  }

  @Test func `a warm diode drops less`() {
    var warm = path
    warm.dropShift = -0.02
    for headroom in [1.0, 2.0, 4.0] {
      let change = warm.drop(headroom: headroom) - path.drop(headroom: headroom)
      // The resistor gets what the diode loses but for the diode's own slope.
      #expect(-0.02 <= change && change < -0.018)
    }
  }
}
