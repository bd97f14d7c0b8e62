import Portable
import Testing

/// What samples cost, and that the errors are the cost's slopes.
@Suite struct LossTests {
  @Test func `a squared error is half the sum, and its mean is what is shown`() {
    let judged = Loss.squaredError.judge([0.1, 0.5], labels: [0.4, 0.1], category: nil)
    #expect(abs(judged.errors[0] - 0.3) < 1e-15 && abs(judged.errors[1] + 0.4) < 1e-15)
    #expect(abs(judged.cost - 0.125) < 1e-15 && abs(judged.meanSquare - 0.125) < 1e-15)
    let one = Loss.squaredError.judge([0.25], labels: [0], category: nil)
    #expect(one.cost == 0.03125 && one.meanSquare == 0.0625)
    // An output without a label is met.
    #expect(Loss.squaredError.judge([1, 2], labels: [1], category: 1).squares == 0)
  }

  @Test func `a hinge asks one output for the sign of its class, with a margin`() {
    let loss = Loss.hinge(margin: 0.25)
    let wrong = loss.judge([0.5], labels: [], category: 0)
    #expect(wrong.errors == [-0.75] && wrong.meanSquare == 0.5625 && wrong.cost == 0.28125)
    #expect(loss.judge([0.125], labels: [], category: 1).errors == [0.125])
    #expect(loss.judge([0.25], labels: [], category: 1).errors == [0])
  }

  @Test func `a hinge asks the class's own output to lead its largest rival`() {
    let loss = Loss.hinge(margin: 0.25)
    let judged = loss.judge([0.5, 0.25, 0.75], labels: [], category: 0)
    #expect(judged.errors == [0.5, 0, -0.5] && judged.squares == 0.25 && judged.count == 1)
    #expect(loss.judge([1, 0.25, 0.75], labels: [], category: 0).squares == 0)
    #expect(loss.judge([0, 1], labels: [], category: 2).errors == [0, 0])
  }

  @Test func `errors are minus the cost's derivatives`() {
    let outputs = [0.31, -0.12, 0.22]
    let cases: [(Loss, [Double], Int?)] = [
      (.squaredError, [0.1, 0.2, 0.3], nil), (.hinge(margin: 0.4), [], 1),
    ]
    for (loss, labels, category) in cases {
      let errors = loss.judge(outputs, labels: labels, category: category).errors
      for index in outputs.indices {
        func cost(_ step: Double) -> Double {
          var moved = outputs
          moved[index] += step
          return loss.judge(moved, labels: labels, category: category).cost
        }
        #expect(abs(errors[index] + (cost(1e-5) - cost(-1e-5)) / 2e-5) < 1e-9)
      }
    }
  }
}
