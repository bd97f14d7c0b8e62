import Circuit
import Foundation
import Testing

@testable import Files

/// A board of two learning edges; the tests put their own entries in.
private func board(
  bias: String = "", update: String = "multiplier", gates: String = "", more: String = ""
) -> String {
  """
  name: small
  nodes: [a, b, c]
  edges:
    - {from: a, to: c\(bias)}
    - [b, c]
  gates: {update: \(update)\(gates)}
  sources: [a, b]
  targets: [c]
  \(more)

  """
}

/// What a board file may say beside the parts: known biases, the analog rule's gain, gates in
/// steps, a level shift.
@Suite struct BoardOptionTests {
  private func read(_ text: String) throws -> BoardDescription {
    try BoardDescription.read(text: text, file: "b.yaml")
  }

  @Test func `biases, gain, power weight, steps and level shift are read and written back`() throws
  {
    var rig = try read(
      board(
        bias: ", bias: -2.87", gates: ", gain: 2.5, power_weight: 0.125",
        more: "limits: {lowest: -0.2, highest: 0.4}\nconverters: {lowest: -0.25, reference: 1.024}")
    )
    #expect(rig.edges[0].bias == -2.87 && rig.edges[1].bias == nil)
    #expect(rig.gates.gain == 2.5 && rig.gates.powerWeight == 0.125 && rig.gates.taps == nil)
    #expect(rig.converters.lowest == -0.25 && rig.nodeLowest == -0.2)
    #expect(try read(rig.yaml()) == rig)
    // A name that is the usual one does not lose the bias.
    rig.edges[1].bias = 0
    rig.edges[1].name = "other"
    #expect(try read(rig.yaml()) == rig)

    let stepped = try read(board(update: "comparator", gates: ", steps: 128"))
    #expect(stepped.gates.taps == 128)
    #expect(stepped.gates.tapSpacing == (stepped.gates.maximum - stepped.gates.minimum) / 127)
    #expect(try read(stepped.yaml()) == stepped)
  }

  @Test func `what is left out is none`() throws {
    let plain = try read(board())
    #expect(plain.edges.allSatisfy { $0.bias == nil })
    #expect(plain.gates.gain == 1 && plain.gates.powerWeight == 0)
    #expect(
      plain.gates.taps == nil && plain.gates.tapSpacing == nil && plain.converters.lowest == 0)
  }

  @Test func `a bias keeps every bit and both ends of its range`() throws {
    for bias in [-1000, -0.1 / 3, 5e-324, 4.72.nextUp, 1000] {
      var rig = try read(board(bias: ", bias: 1"))
      rig.edges[0].bias = bias
      #expect(try read(rig.yaml()).edges[0].bias == bias)
    }
  }

  @Test func `imperfections can be built up from none`() throws {
    let sizes = try read(
      board(more: "imperfections: {base: none, update_bias: 0.6, adc_inl: 1}")
    ).imperfections
    var expected = Imperfections.none
    expected.updateBias = 0.6
    // As measured, the median is a third of the rms.
    expected.updateBiasMedian = 0.6 * (0.4 / 1.2)
    expected.adcINL = 1
    #expect(sizes == expected)

    let offsets = try read(
      board(update: "comparator", more: "imperfections: {base: none, comparator_offset: 3e-3}")
    ).imperfections
    #expect(abs(offsets.comparatorOffsetLimit - 7e-3) < 1e-12 && !offsets.quantise)
    let rounded = try read(board(more: "imperfections: {base: none, quantise: true}"))
    #expect(rounded.imperfections.quantise && rounded.imperfections.adcGain == 0)
    #expect(
      try read(board(more: "imperfections: {base: none}")).imperfections == .none)
    #expect(
      try read(board(more: "imperfections: {base: measured}")).imperfections == .measured)
    let one = try read(board(more: "imperfections: {base: none, update_bias: 1.2}"))
    #expect(try read(one.yaml()) == one)
  }

  static let refusals = [
    Refusal(
      board(bias: ", bias: 1", update: "comparator"), "b.yaml:4: ", "\"a-c\"", "bias",
      "comparator_offset", "update: multiplier"),
    Refusal(board(bias: ", bias: 1001"), "b.yaml:4: ", "bias", "1001", "-1000 ... 1000 V/s"),
    Refusal(board(bias: ", bias: nan"), "b.yaml:4: ", "bias"),
    Refusal(board(bias: ", bias: much"), "b.yaml:4: ", "bias"),
    Refusal(
      board(bias: ", part: resistor, ohms: 5, bias: 1"), "b.yaml:4: ", "\"bias\"", "part resistor"),
    Refusal(
      board(gates: ", steps: 128"), "b.yaml:6: ", "steps", "capacitors", "update: comparator"),
    Refusal(board(update: "comparator", gates: ", steps: 1"), "b.yaml:6: ", "steps", "2 ... 65536"),
    Refusal(board(update: "comparator", gates: ", steps: 2.5"), "b.yaml:6: ", "steps"),
    Refusal(
      board(update: "comparator", gates: ", gain: 2"), "b.yaml:6: ", "gain of gates", "analog rule",
      "update: multiplier"),
    Refusal(
      board(update: "comparator", gates: ", power_weight: 0.1"), "b.yaml:6: ",
      "power_weight of gates", "analog rule"),
    Refusal(board(gates: ", gain: 0"), "b.yaml:6: ", "gain", "0.001 ... 1000"),
    Refusal(board(gates: ", power_weight: 1"), "b.yaml:6: ", "power_weight", "0 ... 0.99"),
    Refusal(board(more: "converters: {lowest: 0.1}"), "b.yaml:9: ", "lowest", "-5 ... 0 V"),
    Refusal(
      board(more: "limits: {lowest: -0.2, highest: 0.4}"), "b.yaml:9: ", "down to -0.2 V",
      "begin at 0 V", "lowest of converters"),
    Refusal(
      board(more: "limits: {lowest: -0.3, highest: 0.4}\nconverters: {lowest: -0.25}"),
      "b.yaml:9: ", "down to -0.3 V", "begin at -0.25 V"),
    Refusal(
      board(
        more: "limits: {lowest: -0.2, highest: 0.8}\nconverters: {lowest: -0.25, reference: 1}"),
      "b.yaml:9: ", "up to 0.8 V", "lowest + reference", "0.75 V"),
    Refusal(
      board(more: "limits: {lowest: 0.4, highest: 0.4}"), "b.yaml:9: ", "lowest must be below"),
    Refusal(board(more: "imperfections: {base: some}"), "b.yaml:9: ", "base", "measured", "none"),
    Refusal(
      board(more: "imperfections: {base: none, update_bias_median: 1}"), "b.yaml:9: ",
      "update_bias_median"),
  ]

  @Test(arguments: refusals)
  func `a wrong option is refused with line, reason and what to do`(_ refusal: Refusal) {
    let message = boardRefusal(refusal.text)
    #expect(refusal.matches(message), "\(message ?? "it was read")")
  }

  @Test func `a level shift and wiring do not go together`() throws {
    let wired = try BoardDescription.read(
      path: try locate("lattice", kind: .board, near: [packageRoot])
    ).yaml()
    #expect(wired.contains("lowest: 0"))
    let shifted = wired.replacing("lowest: 0}\nclamp_ohms", with: "lowest: -0.1}\nclamp_ohms")
    #expect(shifted != wired)
    let message = try #require(boardRefusal(shifted))
    #expect(message.contains("wiring") && message.contains("-0.1 V"))
    #expect(message.contains("leave one of the two out"))
  }
}
