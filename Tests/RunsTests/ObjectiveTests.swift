import Portable
import Testing

@testable import Firmware

/// The firmware's fixed-point objective against the host's definition.
@Suite struct ObjectiveTests {
  /// A voltage of a circuit, in whole steps of the firmware's.
  private func voltage(_ draw: Draw, _ event: inout UInt64) -> Voltage {
    event += 1
    return Voltage(volts: draw.uniform(event) - 0.5)
  }

  @Test(arguments: [(1, false), (1, true), (2, true), (3, false), (4, true)])
  func `both judge every sample alike, to a step`(_ count: Int, _ differential: Bool) {
    let layout = OutputLayout(count: count, differential: differential)
    let draw = Draw(seed: 5, purpose: 8101, device: UInt32(count))
    let step = 1.0 / 16_777_216
    var event: UInt64 = 0
    for trial in 0..<2000 {
      let targets = (0..<layout.channels).map { _ in voltage(draw, &event) }
      let labels = (0..<count).map { _ in voltage(draw, &event) }
      let margin = Voltage(volts: 0.3)
      let category = trial % max(count, 2)
      let outputs = (0..<count).map { layout.output($0, of: targets.span).volts }

      let hinge = Objective.hinge(margin)
      let fixed = hinge.judge(
        targets.span, layout: layout, wanted: .category(category), labels: [Voltage]().span)
      let host = Loss.hinge(margin: margin.volts).judge(outputs, labels: [], category: category)
      #expect(fixed.error.volts * fixed.error.volts == host.squares)
      #expect(hinge.asks(fixed) == (host.cost > 0))
      for output in 0..<count {
        let wanted = hinge.correction(
          output: output, of: targets.span, layout: layout, verdict: fixed,
          labels: [Voltage]().span
        ).volts
        // Two outputs share what is missing: each is asked for half.
        #expect(abs(wanted - host.errors[output] / (count == 1 ? 1 : 2)) <= step)
      }

      let squared = Objective.squaredError
      let judged = squared.judge(
        targets.span, layout: layout, wanted: .labels, labels: labels.span)
      let errors = Loss.squaredError.judge(outputs, labels: labels.map(\.volts), category: nil)
      let mean = errors.errors.map(\.magnitude).reduce(0, +) / Double(count)
      #expect(judged.error.volts <= mean && mean - judged.error.volts < step)
      #expect(judged.correct == (errors.squares == 0))
      for output in 0..<count {
        #expect(
          squared.correction(
            output: output, of: targets.span, layout: layout, verdict: judged,
            labels: labels.span
          ).volts == errors.errors[output])
      }
    }
  }
}
