package import Files
import Firmware

/// What a run's samples were answered by its last measures.
///
/// Nothing is measured for it: a measurement takes time on the board and draws noise. It is what the
/// measures of the last epoch were made of.
public struct SampleAnswers: Sendable, Equatable, Codable {
  /// The samples that train, by their place in the task's data, from 0.
  public var training: [Int]
  /// The samples held out.
  public var testing: [Int]
  /// Every sample's outputs, V, to 0.1 uV.
  public var outputs: [[Double]]
  /// The same in the labels' own units; `nil` where these are volts, or classes are wanted.
  public var values: [[Double]]?
  /// The class that each sample was answered; `nil` in it where no output led.
  public var answers: [String?]?
  /// How often which class was answered of the training samples.
  public var confusionTraining: Confusion?
  /// The same of the samples held out.
  public var confusionTesting: Confusion?

  private enum CodingKeys: String, CodingKey {
    case training, testing, values, answers
    case outputs = "outputs_V"
    case confusionTraining = "confusion_train"
    case confusionTesting = "confusion_test"
  }

  /// How often each class was answered.
  public struct Confusion: Sendable, Equatable, Codable {
    /// For each class that was wanted, how often each class was answered.
    public var answered: [[Int]]
    /// For each class that was wanted, how often no output led.
    public var undecided: [Int]
  }

  /// Sorts the outputs of all samples.
  ///
  /// - Parameters:
  ///   - outputs: the outputs, V, one sample after another.
  ///   - problem: the task.
  init(_ outputs: [Double], of problem: Problem) {
    let task = problem.task
    let count = problem.layout.count
    let measured = task.samples.indices.map { Array(outputs[$0 * count..<($0 + 1) * count]) }
    training = problem.training
    testing = problem.testing
    self.outputs = measured.map { $0.map { ($0 * 1e7).rounded() / 1e7 } }
    if task.classes.isEmpty {
      values = task.values(of: self.outputs)
      return
    }
    let answered = measured.map(problem.answer)
    answers = answered.map { $0.map { task.classes[$0] } }
    func confusion(_ samples: [Int]) -> Confusion {
      let row = [Int](repeating: 0, count: task.classes.count)
      var confusion = Confusion(answered: row.map { _ in row }, undecided: row)
      for sample in samples {
        guard let wanted = task.samples[sample].category else { continue }
        if let answer = answered[sample] {
          confusion.answered[wanted][answer] += 1
        } else {
          confusion.undecided[wanted] += 1
        }
      }
      return confusion
    }
    confusionTraining = confusion(training)
    if !testing.isEmpty { confusionTesting = confusion(testing) }
  }

  func check(of task: TaskDescription) throws(StateError) {
    try StateError.check(
      outputs.count, "number of outputs_V of the result", task.samples.count...task.samples.count)
    for (sample, volts) in outputs.enumerated() {
      let count = task.outputs.count
      try StateError.check(volts.count, "outputs of sample \(sample)", count...count)
      for volt in volts { try StateError.check(volt, "an output of sample \(sample)", -256...256) }
    }
    for sample in training + testing {
      try StateError.check(sample, "a sample of the split", 0...task.samples.count - 1)
    }
  }
}

/// What a board answered a row of inputs.
package struct RowAnswer: Sendable, Equatable {
  /// The outputs, V, to 0.1 uV.
  package let outputs: [Double]
  /// The class; `nil` without classes, and where no output leads.
  package let category: String?
  /// Without classes, the outputs in the labels' own units.
  package let values: [Double]

  /// Sorts outputs, V.
  init(_ measured: [Double], of problem: Problem) {
    outputs = measured.map { ($0 * 1e7).rounded() / 1e7 }
    category = problem.answer(measured).map { problem.task.classes[$0] }
    values = problem.task.values(of: [outputs])?[0] ?? outputs
  }
}

extension TaskDescription {
  /// Outputs in the labels' own units.
  ///
  /// - Parameter outputs: every sample's outputs, V.
  /// - Returns: their values; `nil` where the labels are in volts, or classes are wanted.
  package func values(of outputs: [[Double]]) -> [[Double]]? {
    guard classes.isEmpty, let labels = table?.labels, labels.contains(where: \.hasUnit) else {
      return nil
    }
    return outputs.map { zip(labels, $0).map { $0.value(at: $1) } }
  }
}
