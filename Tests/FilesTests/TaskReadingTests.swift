import Files
import Foundation
import Testing

private let head = """
  name: t
  inputs: [{name: a, column: 0, range: [0, 10], volts: [0.4, 0]}, {name: k, volts: 0.2}]

  """
private let regression =
  head + """
    outputs: {count: 1}
    labels: [{column: 1}]
    objective: squared_error

    """
private let classes =
  head + """
    outputs: {count: 1, differential: true}
    classes: {column: 1, names: [cat, dog]}
    objective: {hinge: {margin: 0.01}}

    """
private let rows = "samples:\n  - [0, 0.1]\n  - [5, 0.2]\n"

@Suite struct TaskReadingTests {
  @Test func `columns become volts and constants repeat`() throws {
    let task = try TaskDescription.read(text: regression + rows, file: "t.yaml")
    #expect(
      task.samples == [
        Sample(inputs: [0.4, 0.2], labels: [0.1]), Sample(inputs: [0.2, 0.2], labels: [0.2]),
      ])
    #expect(task.training == 2)
    #expect(task.objective == .squaredError)
    #expect(task.inputs[0].column == 0 && task.inputs[0].constantVolts == nil)
    #expect(task.inputs[1].column == nil && task.inputs[1].constantVolts == 0.2)
    #expect(task.outputs.channels == 1)
  }

  @Test func `the ends of a range become exactly their volts`() {
    let input = InputDescription(
      name: "x", column: 0, lowest: 0.1, highest: 2.5, voltsAtLowest: 0.05, voltsAtHighest: 0.45)
    #expect(input.volts(at: 0.1) == 0.05)
    #expect(input.volts(at: 2.5) == 0.45)
    #expect(InputDescription(name: "v", column: 0).volts(at: 0.3) == 0.3)
  }

  @Test func `classes are given by name or by index`() throws {
    let text = classes + "samples: [[1, cat], [2, dog], [3, cat], [5, 'dog']]\ntraining: 3\n"
    let task = try TaskDescription.read(text: text, file: "t.yaml")
    #expect(task.samples.map(\.category) == [0, 1, 0, 1])
    let numbered = classes + "samples: [[1, 0], [2, 1], [3, 0]]\n"
    #expect(
      try TaskDescription.read(text: numbered, file: "t").samples.map(\.category) == [0, 1, 0])
    #expect(task.samples.allSatisfy { $0.labels.isEmpty })
    #expect(task.classes == ["cat", "dog"])
    #expect(task.objective == .hinge(margin: 0.01))
    #expect(task.training == 3)
    #expect(task.outputs.channels == 2)
    #expect(task.wantedSign(of: 0) == -1 && task.wantedSign(of: 1) == 1)
  }

  @Test func `a number among names is no class, and a name among numbers is refused`() {
    let first = taskRefusal(classes + "samples: [[1, cat], [2, 1]]\n")
    #expect(first?.contains("is \"1\", which is no class") == true, "\(first ?? "")")
    let second = taskRefusal(classes + "samples: [[1, 0], [2, dog]]\n")
    #expect(second?.contains("is \"dog\", a name") == true, "\(second ?? "")")
  }

  @Test func `a class named by a number is not taken for an index`() throws {
    let text = classes.replacing("[cat, dog]", with: "['1', '0']") + "samples: [[1, 0], [2, 1]]\n"
    #expect(try TaskDescription.read(text: text, file: "t").samples.map(\.category) == [1, 0])
    let wrong = classes.replacing("[cat, dog]", with: "['1', '2']") + "samples: [[1, 0]]\n"
    #expect(taskRefusal(wrong)?.hasSuffix("\"0\" (did you mean 1?); allowed are 1, 2") == true)
  }

  @Test func `volts of classes become labels`() throws {
    let one =
      classes.replacing("dog]", with: "dog], volts: [-0.05, 0.05]")
      .replacing("{hinge: {margin: 0.01}}", with: "squared_error")
    let signs = try TaskDescription.read(text: one + "samples: [[1, cat], [2, dog]]\n", file: "t")
    #expect(signs.samples.map(\.labels) == [[-0.05], [0.05]])
    let two = one.replacing("count: 1, differential: true", with: "count: 2")
      .replacing("[-0.05, 0.05]", with: "[0.1, 0.3]")
    let each = try TaskDescription.read(text: two + "samples: [[1, cat], [2, dog]]\n", file: "t")
    #expect(each.samples.map(\.labels) == [[0.3, 0.1], [0.1, 0.3]])
  }

  @Test func `a placement is read for each board`() throws {
    let text = regression + rows + "placement: {small: {sources: [x, y], targets: [z]}}\n"
    let task = try TaskDescription.read(text: text, file: "t")
    #expect(task.placements == ["small": Placement(sources: ["x", "y"], targets: ["z"])])
  }

  @Test(arguments: [
    Refusal("", "t.yaml: the file is empty"),
    Refusal(regression + rows + "data: x\n", "t.yaml:9: both samples and data are given"),
    Refusal(regression, "t.yaml:1: the file needs samples, or data"),
    Refusal(rows, "t.yaml:1: the file needs the key \"inputs\""),
    Refusal(
      regression + rows + "trainng: 1\n",
      "t.yaml:9: unknown key \"trainng\" (did you mean training?)"),
    Refusal(regression + rows + "training: 0\n", "t.yaml:9: training is 0; allowed is 1 ... 2"),
    Refusal(regression + rows + "training: 3\n", "t.yaml:9: training is 3; allowed is 1 ... 2"),
    Refusal(regression + rows + "skip_lines: 1\n", "t.yaml:9: skip_lines belongs to data"),
    // Inputs.
    Refusal("name: t\ninputs: []\n", "t.yaml:2: inputs has 0 entries"),
    Refusal("name: t\ninputs: [a]\n", "t.yaml:2: input 0", "must be a mapping"),
    Refusal("name: t\ninputs: [{column: 0}]\n", "t.yaml:2: input 0", "needs the key \"name\""),
    Refusal(
      "name: t\ninputs: [{name: a}]\n", "t.yaml:2: input 0",
      "needs a column, or volts if it is a constant"),
    Refusal(
      "name: t\ninputs: [{name: a, volts: 0}, {name: a, volts: 0}]\n", "t.yaml:2: input 1",
      "is named \"a\" like input 0"),
    Refusal("name: t\ninputs: [{name: a, column: -1}]\n", "t.yaml:2: column of input 0", "is -1"),
    Refusal("name: t\ninputs: [{name: a, column: x}]\n", "t.yaml:2: column of input 0", "whole"),
    Refusal("name: t\ninputs: [{name: a, word: b, volts: 0}]\n", "t.yaml:2: input 0", "column"),
    Refusal("name: t\ninputs: [{name: a, column: 0, word: b}]\n", "t.yaml:2: input 0", "volts"),
    Refusal(
      "name: t\ninputs: [{name: a, column: 0, word: b, volts: 0.4}]\n",
      "t.yaml:2: volts of input 0", "must be a list, of the volts in rows with another word"),
    Refusal(
      "name: t\ninputs: [{name: a, column: 0, word: b, volts: [0, 0.4], clip: true}]\n",
      "t.yaml:2: clip of input 0", "cannot go with word: a word has a column and volts alone"),
    Refusal(
      "name: t\ninputs: [{name: a, column: 0, word: b, volts: [0, 0.4], range: [0, 1]}]\n",
      "t.yaml:2: range of input 0", "cannot go with word"),
    Refusal(
      "name: t\ninputs: [{name: a, column: 0, range: [0, 1]}]\n", "t.yaml:2: input 0",
      "needs both range and volts"),
    Refusal(
      "name: t\ninputs: [{name: a, column: 0, range: [1, 1], volts: [0, 1]}]\n",
      "t.yaml:2: range of input 0", "first must be below"),
    Refusal(
      "name: t\ninputs: [{name: a, column: 0, range: [0, .inf], volts: [0, 1]}]\n",
      "t.yaml:2: entry 1 of range of input 0", "a finite number"),
    Refusal(
      "name: t\ninputs: [{name: a, column: 0, range: [0], volts: [0, 1]}]\n",
      "t.yaml:2: range of input 0", "has 1 entries; allowed are 2"),
    Refusal(
      "name: t\ninputs: [{name: a, column: 0, range: [0, 1], volts: 0.4}]\n",
      "t.yaml:2: volts of input 0", "must be a list"),
    Refusal(
      "name: t\ninputs: [{name: a, volts: [0, 1]}]\n", "t.yaml:2: volts of input 0",
      "a constant has one number"),
    Refusal(
      "name: t\ninputs: [{name: a, volts: 0, range: [0, 1]}]\n", "t.yaml:2: input 0",
      "a range but no column"),
    Refusal(
      "name: t\ninputs: [{name: a, volts: 11}]\n", "t.yaml:2: volts of input 0", "-10 ... 10 V"),
    // Outputs and answers.
    Refusal(head + "outputs: 3\n", "t.yaml:3: outputs must be a mapping"),
    Refusal(head + "outputs: {count: 0}\n", "t.yaml:3: count of outputs is 0; allowed is 1"),
    Refusal(
      head + "outputs: {count: 1, differential: 1}\n",
      "t.yaml:3: differential of outputs must be true or false"),
    Refusal(head + "outputs: {count: 1}\n", "t.yaml:1: the file needs classes or labels"),
    Refusal(
      head + "outputs: {count: 2}\nlabels: [{column: 1}]\n",
      "t.yaml:4: labels has 1 entries; allowed are 2"),
    Refusal(
      classes.replacing("[cat, dog]", with: "[cat]"), "t.yaml:4: names of classes has 1 entries"),
    Refusal(
      classes.replacing("[cat, dog]", with: "[cat, cat]"),
      "t.yaml:4: class \"cat\" is listed twice"),
    Refusal(
      classes.replacing("[cat, dog]", with: "[cat, dog, cow]"),
      "t.yaml:4: 1 outputs cannot tell 3 classes apart; allowed are 3 outputs"),
    Refusal(
      classes.replacing("count: 1", with: "count: 3"),
      "t.yaml:4: 3 outputs cannot tell 2 classes apart", "or one differential output"),
    Refusal(
      classes.replacing(", differential: true", with: ""),
      "t.yaml:4: the sign of one output decides", "{count: 1, differential: true}"),
    Refusal(
      classes.replacing("dog]", with: "dog], volts: [0.1, 0]"),
      "t.yaml:4: volts of classes", "first must be below"),
    Refusal(
      classes.replacing("dog]", with: "dog], volts: [0, 0.1]") + "labels: [{column: 1}]\n",
      "t.yaml:6: labels are given twice"),
    // Objective.
    Refusal(
      regression.replacing("squared_error", with: "squared"),
      "t.yaml:5: objective is \"squared\"", "squared_error"),
    Refusal(
      regression.replacing("squared_error", with: "hinge"),
      "t.yaml:5: objective hinge needs its margin"),
    Refusal(
      regression.replacing("squared_error", with: "{hinge: {margin: 0.1}}"),
      "t.yaml:5: objective hinge needs classes"),
    Refusal(
      classes.replacing("{hinge: {margin: 0.01}}", with: "squared_error"),
      "t.yaml:5: objective squared_error needs labels"),
    Refusal(
      classes.replacing("0.01", with: "0"), "t.yaml:5: margin of hinge of objective is 0; allowed"),
    Refusal(
      classes.replacing("{margin: 0.01}", with: "0.01"),
      "t.yaml:5: hinge of objective must be a mapping"),
    Refusal(regression.replacing("squared_error", with: "[]"), "t.yaml:5: objective must be"),
    // Samples.
    Refusal(regression + "samples: []\n", "t.yaml:6: samples has 0 entries"),
    Refusal(regression + "samples:\n  - 5\n", "t.yaml:7: sample 0", "must be a list"),
    Refusal(
      regression + "samples:\n  - [1]\n", "t.yaml:7: sample 0",
      "has 1 cells, but the task reads column 1"),
    Refusal(
      regression + rows + "  - [1, 0.1, 5]\n", "t.yaml:9: sample 2",
      "has 3 cells, but sample 0 has 2"
    ),
    Refusal(
      regression + rows + "  - [11, 0.1]\n",
      "t.yaml:9: column 0 (input \"a\") is \"11\", outside the range 0 ... 10 the task states"),
    Refusal(
      regression + rows + "  - [1, 99]\n",
      "t.yaml:9: column 1 (label 0) is \"99\", outside the range", "V of a column in volts"),
    Refusal(
      regression + rows + "  - [x, 0.1]\n",
      "t.yaml:9: column 0 (input \"a\") is \"x\"; a number is wanted"),
    Refusal(
      regression + rows + "  - [.nan, 0.1]\n", "t.yaml:9: column 0", "a finite number is wanted"),
    Refusal(
      regression + rows + "  - [~, 0.1]\n", "t.yaml:9: cell 0",
      "must be a number, a word or the name"),
    Refusal(
      regression + rows + "  - [[1], 0.1]\n", "t.yaml:9: cell 0",
      "must be a number, a word or the name"),
    Refusal(regression + rows + "  - [1, 50]\n", "t.yaml:9: column 1 (label 0) is \"50\", outside"),
    Refusal(
      classes + "samples:\n  - [1, cat]\n  - [1, dgo]\n",
      "t.yaml:8: column 1 (class) is \"dgo\" (did you mean dog?); allowed are cat, dog"),
    Refusal(classes + "samples: [[1, 2]]\n", "t.yaml:6: column 1 (class) is \"2\""),
    Refusal(classes + "samples: [[1, -1]]\n", "t.yaml:6: column 1 (class) is \"-1\""),
    // Placement.
    Refusal(regression + rows + "placement: []\n", "t.yaml:9: placement must be a mapping"),
    Refusal(
      regression + rows + "placement: {b: {sources: [x, y]}}\n",
      "t.yaml:9: placement \"b\" needs the key \"targets\""),
    Refusal(
      regression + rows + "placement: {b: {sources: [x], targets: [z]}}\n",
      "t.yaml:9: sources of placement \"b\" has 1 nodes, but the task takes 2 source channels"),
    Refusal(
      regression + rows + "placement:\n  b:\n    sources: [x, y]\n    targets: [x]\n",
      "t.yaml:12: target 0", "node \"x\", which is used already"),
    Refusal(
      regression + rows + "placement: {b: {sorces: [x]}}\n",
      "t.yaml:9: unknown key \"sorces\" of placement \"b\" (did you mean sources?)"),
  ])
  func `a wrong task is refused with its line and what is allowed`(_ refusal: Refusal) {
    let message = taskRefusal(refusal.text)
    #expect(refusal.matches(message), "\(message ?? "accepted")")
  }
}

@Suite struct DataFileTests {
  private let task = regression + "data: d.csv\n"

  /// The samples of a data file, or the message it is refused with, its folder cut off.
  private func read(
    _ data: Data, with task: String
  ) throws -> (samples: [Sample], message: String) {
    var result: (samples: [Sample], message: String) = ([], "")
    try withFolder { folder in
      try data.write(to: URL(fileURLWithPath: folder + "/d.csv"))
      do throws(DescriptionError) {
        result.samples = try TaskDescription.read(text: task, file: folder + "/t.yaml").samples
      } catch {
        result.message = error.description.replacing(folder + "/", with: "")
      }
    }
    return result
  }

  private func read(_ text: String, with task: String? = nil) throws -> (
    samples: [Sample], message: String
  ) {
    try read(Data(text.utf8), with: task ?? self.task)
  }

  @Test func `a data file is found beside the task file`() throws {
    #expect(try read("0,0.1\n5,0.2\n").samples.count == 2)
  }

  @Test(arguments: [
    "0,0.1\n5,0.2\n", "0,0.1\n5,0.2", "0,0.1\r\n5,0.2\r\n", " 0 ,\t0.1 \n\n  \n5,0.2\n\n",
    "\"0\",\"0.1\"\n\"5\" , 0.2\n", "\u{FEFF}0,0.1\n5,0.2\n", "0,0.1\n+5.0e0,2e-1\n",
  ])
  func `spaces, blank lines, quotes and line ends do not matter`(_ text: String) throws {
    let expected = [
      Sample(inputs: [0.4, 0.2], labels: [0.1]), Sample(inputs: [0.2, 0.2], labels: [0.2]),
    ]
    let result = try read(text)
    #expect(result.samples == expected, "\(result.message)")
  }

  @Test func `a quoted cell may hold commas and quotes`() throws {
    let task = classes.replacing("[cat, dog]", with: "['a, b', 'c\"d']") + "data: d.csv\n"
    let result = try read("1,\"a, b\"\n2,\"c\"\"d\"\n", with: task)
    #expect(result.samples.map(\.category) == [0, 1], "\(result.message)")
  }

  @Test func `skipped lines may hold anything`() throws {
    let result = try read("head, of, three\n0,0.1\n", with: task + "skip_lines: 1\n")
    #expect(result.samples.count == 1, "\(result.message)")
  }

  @Test func `columns that are not used may hold anything`() throws {
    #expect(try read("0,0.1,what,ever\n5,0.2,,\n").samples.count == 2)
  }

  @Test(arguments: [
    Refusal("", "d.csv: there are no samples"),
    Refusal("\n\n", "d.csv: there are no samples"),
    Refusal("0,0.1\n5\n", "d.csv:2: this line has 1 cells, but the first has 2"),
    Refusal("0,0.1\n5,0.2,\n", "d.csv:2: this line has 3 cells, but the first has 2"),
    Refusal("0\n", "d.csv:1: this line has 1 cells, but the task reads column 1 (counted from 0)"),
    Refusal("0,0.1\n\n,0.2\n", "d.csv:3: column 0 (input \"a\") is \"\"; a number is wanted"),
    Refusal("0,0.1\nx,0.2\n", "d.csv:2: column 0 (input \"a\") is \"x\"; a number is wanted"),
    Refusal("nan,0.1\n", "d.csv:1: column 0 (input \"a\") is \"nan\"; a finite number"),
    Refusal("0x1,0.1\n", "d.csv:1: column 0 (input \"a\") is \"0x1\"; a number is wanted"),
    Refusal("1e400,0.1\n", "d.csv:1: column 0"),
    Refusal("0,0.1\n10.5,0.2\n", "d.csv:2: column 0 (input \"a\") is \"10.5\", outside the range"),
    Refusal("-0.1,0.1\n", "d.csv:1: column 0 (input \"a\") is \"-0.1\", outside the range"),
    Refusal("\"0,0.1\n", "d.csv:1: a quoted cell does not end on this line"),
    Refusal("\"0\"1,0.1\n", "d.csv:1: text follows a quoted cell"),
  ])
  func `a wrong data file is refused with its line`(_ refusal: Refusal) throws {
    let result = try read(refusal.text)
    #expect(refusal.matches(result.message), "\(result.message)")
  }

  @Test func `data that are not UTF-8 are refused with their line`() throws {
    let result = try read(Data([0x31, 0x2C, 0x31, 0x0A, 0xFF, 0x2C, 0x31]), with: task)
    #expect(result.message == "d.csv:2: this is not UTF-8 text; save the file as UTF-8")
  }

  @Test func `an unknown class is refused with its line`() throws {
    let result = try read("1,cat\n2,cow\n", with: classes + "data: d.csv\n")
    #expect(result.message.hasPrefix("d.csv:2: column 1 (class) is \"cow\""))
  }

  @Test func `a missing data file is refused at the line that names it`() throws {
    try withFolder { folder in
      try save("", folder + "/other.csv")
      let message = taskRefusal(task, file: folder + "/t.yaml") ?? ""
      #expect(message.hasPrefix("\(folder)/t.yaml:6: data \"\(folder)/d.csv\""))
      #expect(message.hasSuffix("there is no such file; \(folder)/ has other.csv"))
    }
  }

  @Test func `data over 64 MB are refused by their size`() throws {
    try withFolder { folder in
      try save("", folder + "/d.csv")
      #expect(truncate(folder + "/d.csv", (64 << 20) + 1) == 0)
      let message = taskRefusal(task, file: folder + "/t.yaml") ?? ""
      #expect(message.contains("t.yaml:6: data"))
      #expect(message.contains("a data file may have at most 67108864 (64 MB)"))
    }
  }

  @Test func `a directory in place of data is refused`() throws {
    let message = taskRefusal(regression + "data: /\n") ?? ""
    #expect(message == "t.yaml:6: data \"/\": this is a directory; a data file is wanted")
  }
}
