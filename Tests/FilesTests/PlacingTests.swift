import Files
import Testing

@Suite struct PlacingTests {
  private let board = BoardDescription(
    name: "b", nodes: ["a", "b", "c", "d", "e"],
    edges: [EdgeDescription(name: "ab", from: 0, to: 1)], sources: [0, 1], targets: [4, 3],
    sourceChannels: 3, targetChannels: 2)

  private func task(
    inputs: Int = 2, outputs: OutputDescription = OutputDescription(count: 1),
    sample: Sample? = nil, placement: Placement? = nil
  ) -> TaskDescription {
    TaskDescription(
      name: "t", inputs: (0..<inputs).map { InputDescription(name: "i\($0)", column: $0) },
      outputs: outputs, samples: sample.map { [$0] } ?? [],
      placements: placement.map { ["b": $0] } ?? [:])
  }

  private func refusal(_ task: TaskDescription, on board: BoardDescription? = nil) -> String {
    do {
      _ = try task.place(on: board ?? self.board)
      return "placed"
    } catch { return error.description }
  }

  @Test func `without a placement the first default nodes are used`() throws {
    let places = try task().place(on: board)
    #expect(places.sources == [0, 1])
    #expect(places.targets == [4])
  }

  @Test func `a placement for the board's name comes first`() throws {
    let placement = Placement(sources: ["e", "c", "a"], targets: ["b", "d"])
    let outputs = OutputDescription(count: 1, differential: true)
    let places = try task(inputs: 3, outputs: outputs, placement: placement).place(on: board)
    #expect(places.sources == [4, 2, 0])
    #expect(places.targets == [1, 3])
  }

  @Test func `a placement for another board is not used`() throws {
    var task = task()
    task.placements["other"] = Placement(sources: ["x", "y"], targets: ["z"])
    #expect(try task.place(on: board).sources == [0, 1])
  }

  @Test func `too few channels are refused`() {
    #expect(
      refusal(task(inputs: 4))
        == "task t does not fit board b: it takes 4 source channels, the board has 3")
    #expect(
      refusal(task(outputs: OutputDescription(count: 3)))
        == "task t does not fit board b: it takes 3 target channels, the board has 2")
  }

  @Test func `too few default nodes are refused with what to do`() {
    #expect(refusal(task(inputs: 3)).hasSuffix("2 by default; add a placement for b to the task"))
  }

  @Test func `a node the board lacks is refused with those it has`() {
    let placement = Placement(sources: ["a", "x"], targets: ["b"])
    #expect(
      refusal(task(placement: placement)).contains(
        "source node \"x\" of its placement is not on the board"))
    #expect(refusal(task(placement: placement)).hasSuffix("allowed are a, b, c, d, e"))
  }

  @Test func `a node used twice is refused`() {
    let placement = Placement(sources: ["a", "b"], targets: ["a"])
    #expect(refusal(task(placement: placement)).hasSuffix("node \"a\" is used twice"))
  }

  @Test func `a placement of the wrong length is refused`() {
    let placement = Placement(sources: ["a"], targets: ["b"])
    #expect(refusal(task(placement: placement)).hasSuffix("lists 1 source nodes, but it takes 2"))
  }

  @Test func `voltages outside the board's limits are refused`() {
    #expect(
      refusal(task(sample: Sample(inputs: [0.1, 0.5])))
        == "task t does not fit board b: input \"i1\" of sample 0 is 0.5 V; "
        + "the board allows 0 ... 0.453 V"
    )
    #expect(refusal(task(sample: Sample(inputs: [-0.1, 0]))).contains("is -0.1 V"))
    #expect(refusal(task(sample: Sample(inputs: [.nan, 0]))).contains("is nan V"))
    #expect(
      refusal(task(sample: Sample(inputs: [0, 0], labels: [0.5]))).contains("label 0 of sample 0"))
    let outputs = OutputDescription(count: 1, differential: true)
    let difference = task(outputs: outputs, sample: Sample(inputs: [0, 0], labels: [-0.4]))
    #expect(refusal(difference) == "placed")
    let wide = task(outputs: outputs, sample: Sample(inputs: [0, 0], labels: [-0.5]))
    #expect(refusal(wide).hasSuffix("the board allows -0.453 ... 0.453 V"))
    #expect(refusal(task(sample: Sample(inputs: [0, 0.453], labels: [0.453]))) == "placed")
  }
}
