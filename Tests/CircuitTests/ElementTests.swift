import Elements
import Testing

@testable import Circuit

@Suite("Elements")
struct ElementTests {
  @Test func `In triode the current is S (G - V_T - (V_a + V_b)/2) (V_a - V_b)`() {
    let transistor = Transistor()
    for gate in [1.5, 2.3, 5.0] {
      for (a, b) in [(0.45, 0.0), (0.1, 0.3), (0.0, 0.02)] {
        let expected = 8.5e-4 * (gate - 0.7 - (a + b) / 2) * (a - b)
        let current = transistor.current(gate: gate, from: a, to: b, law: .sharp)
        #expect((current - expected).magnitude < 1e-15)
      }
    }
  }

  @Test func `In saturation the higher end does not matter, below threshold nothing flows`() {
    let transistor = Transistor(slope: 1.5)
    let current = transistor.current(gate: 1.2, from: 2, to: 0, law: .sharp)
    #expect((current - 8.5e-4 / 3 * 0.25).magnitude < 1e-15)
    #expect(transistor.current(gate: 1.2, from: 5, to: 0, law: .sharp) == current)
    #expect(transistor.current(gate: 0.7, from: 5, to: 0, law: .sharp) == 0)
  }

  @Test(arguments: ThresholdLaw.allCases)
  func `Source and drain are interchangeable`(law: ThresholdLaw) {
    var random = RandomNetworks(seed: 1)
    for _ in 0..<1000 {
      let transistor = Transistor(slope: random.uniform(1...2))
      let gate = random.uniform(0...5.5)
      let a = random.uniform(0...5)
      let b = random.uniform(0...5)
      let forward = transistor.current(gate: gate, from: a, to: b, law: law)
      #expect(forward == -transistor.current(gate: gate, from: b, to: a, law: law))
      #expect(forward * (a - b) >= 0)
    }
    #expect(Transistor().current(gate: 3, from: 0.3, to: 0.3, law: law) == 0)
  }

  @Test func `Below threshold the soft current falls by a decade per 0.1 V`() {
    let transistor = Transistor()
    let upper = transistor.current(gate: 0.2, from: 0.4, to: 0, law: .soft)
    let lower = transistor.current(gate: 0.1, from: 0.4, to: 0, law: .soft)
    #expect((upper / lower - 10).magnitude < 0.1)
  }

  @Test func `Far above threshold the two laws agree`() {
    let transistor = Transistor()
    let soft = transistor.current(gate: 4, from: 0.4, to: 0.1, law: .soft)
    let sharp = transistor.current(gate: 4, from: 0.4, to: 0.1, law: .sharp)
    #expect((soft / sharp - 1).magnitude < 1e-12)
  }

  @Test func `A potentiometer's taps run from lowest to highest in equal ratios or differences`() {
    let logarithmic = DigitalPotentiometer()
    #expect(logarithmic.ohms(at: 0) == 40)
    #expect(logarithmic.ohms(at: 127) == 32_000)
    #expect(logarithmic.ohms(at: -1) == 40)
    #expect(logarithmic.ohms(at: 500) == 32_000)
    let ratio = logarithmic.ohms(at: 1) / 40
    for step in 1..<128 {
      let here = logarithmic.ohms(at: step) / logarithmic.ohms(at: step - 1)
      #expect((here / ratio - 1).magnitude < 1e-13)
    }
    let linear = DigitalPotentiometer(taps: 100, spacing: .linear)
    #expect((linear.ohms(at: 33) - 40 - 31_960.0 / 3).magnitude < 1e-9)
  }

  @Test func `A diode follows the exponential, then its tangent, and never overflows`() {
    let diode = Diode()
    #expect(diode.current(at: 0) == 0)
    #expect((diode.current(at: -1) + 1e-10).magnitude < 1e-18)
    // 0.53 V at 10 uA: I_s (exp(V / 46.62 mV) - 1).
    let volts = 1.8 * 0.0259 * 11.512935464920228
    #expect((diode.current(at: volts) / 1e-5 - 1).magnitude < 1e-10)
    #expect(diode.current(at: 1000).isFinite)
    let knee = PreparedDiode(diode).kneeVoltage
    let below = diode.current(at: knee - 1e-9)
    let above = diode.current(at: knee + 1e-9)
    let slope = PreparedDiode(diode).kneeConductance
    #expect(((above - below) / (2e-9 * slope) - 1).magnitude < 1e-5)
  }
}
