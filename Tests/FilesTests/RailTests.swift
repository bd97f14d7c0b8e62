import Circuit
import Testing

@testable import Files

/// Sources that are wired to a rail instead of a converter.
@Suite struct RailTests {
  private func lattice(sources: String) throws -> BoardDescription {
    let text = BoardDescription.lattice(side: 4).yaml()
    let wiring = """
      wiring:
        chip: pinctrl-bcm2711
        kind: chains
        lines: {SCLK: 11, MOSI: 10, MISO: 9, LATCH: 25, LOAD: 24, LEARN: 23, A0: 5, A1: 6, A2: 13,
          ENABLE: 19}
        selects: [chain, dac, dac, dac, dac, dac, adc]
        sources: [\(sources)]

      """
    let channels = text.split(separator: "\n").filter { !$0.hasPrefix("channels") }
    return try BoardDescription.read(
      text: channels.joined(separator: "\n") + "\nchannels: {sources: 8, targets: 4}\n" + wiring,
      file: "b.yaml")
  }

  @Test func `a source on a rail needs no converter and reads back from the written file`() throws {
    let board = try lattice(sources: "1A, 1B, 2A, 2B, 3A, 3B, rail 0.45, rail 0")
    #expect(board.wiring?.sources[6].rail == 0.45)
    #expect(board.wiring?.sources[7].rail == 0)
    #expect(board.wiring?.clamps.map(\.select) == [4, 4, 5, 5])
    #expect(try BoardDescription.read(text: board.yaml(), file: "c.yaml") == board)
  }

  @Test func `without rails the same chips are too few`() {
    #expect(throws: DescriptionError.self) {
      try lattice(sources: "1A, 1B, 2A, 2B, 3A, 3B, 4A, 4B")
    }
  }

  @Test(arguments: ["rail", "rail x", "rail 7", "rail -0.1", "rail nan"])
  func `a rail without a voltage in range is refused`(word: String) {
    do {
      _ = try lattice(sources: "1A, 1B, 2A, 2B, 3A, 3B, \(word), rail 0")
      Issue.record("\(word) was read")
    } catch {
      #expect("\(error)".hasPrefix("b.yaml:"))
    }
  }

  @Test func `a task whose input is not the rail's voltage does not fit`() throws {
    let board = try lattice(sources: "rail 0.45, rail 0, 1A, 1B, 2A, 2B, 3A, 3B")
    func task(_ first: Double) -> TaskDescription {
      TaskDescription(
        name: "t",
        inputs: [
          InputDescription(name: "high", volts: first), InputDescription(name: "low", volts: 0),
        ],
        outputs: OutputDescription(count: 1), samples: [Sample(inputs: [first, 0], labels: [0.1])])
    }
    _ = try task(0.45).place(on: board)
    do {
      _ = try task(0.3).place(on: board)
      Issue.record("it was placed")
    } catch {
      #expect(error.message.contains("rail"))
      #expect(error.message.contains("0.3"))
    }
  }
}
