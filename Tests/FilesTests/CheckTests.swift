import Firmware
import Foundation
import Testing

@testable import Files

/// Checks of values that come from elsewhere than a YAML file.
@Suite struct CheckTests {
  private var rounds: UInt64 {
    ProcessInfo.processInfo.environment["TELLEGEN_LONG"] == nil ? 300 : 20_000
  }

  private static func names(_ kind: String) -> [String] {
    let all = try? FileManager.default.contentsOfDirectory(atPath: "\(packageRoot)/\(kind)")
    return (all ?? []).filter { $0.hasSuffix(".yaml") }.sorted()
  }

  @Test(arguments: names("board"))
  func `a shipped board is accepted, also as the values that JSON holds`(_ name: String) throws {
    let board = try BoardDescription.read(path: "\(packageRoot)/board/\(name)")
    try board.check()
    let data = try JSONEncoder().encode(board)
    try JSONDecoder().decode(BoardDescription.self, from: data).check()
  }

  @Test(arguments: names("task"))
  func `a shipped task is accepted, also as the values that JSON holds`(_ name: String) throws {
    let task = try TaskDescription.read(path: "\(packageRoot)/task/\(name)")
    try task.check()
    let data = try JSONEncoder().encode(task)
    try JSONDecoder().decode(TaskDescription.self, from: data).check()
  }

  @Test(arguments: ["lattice", "lattice-multiplier", "two-edge", "breadboard", "layered"])
  func `a mutated board is one that a board file can say, or is refused`(_ name: String) throws {
    let board = try BoardDescription.read(path: "\(packageRoot)/board/\(name).yaml")
    let text = Array(try JSONEncoder().encode(board))
    var accepted = 0
    for seed in 0..<rounds {
      var random = SmallRandom(state: seed)
      guard let mutated = JSONMutation.mutate(text, &random),
        let board = try? JSONDecoder().decode(BoardDescription.self, from: Data(mutated))
      else { continue }
      do throws(DescriptionError) {
        try board.check()
      } catch {
        #expect(!error.message.isEmpty && error.file.isEmpty)
        continue
      }
      accepted += 1
      #expect(try BoardDescription.read(text: board.yaml(), file: "b.yaml") == board)
    }
    #expect(accepted > rounds / 20)
  }

  @Test func `converters of a kind whose frames differ are refused by name`() throws {
    var board = try BoardDescription.read(path: "\(packageRoot)/board/breadboard.yaml")
    let adc = WiringDescription.Part.adc
    // No two chips of the catalogue differ so yet: this one stands for one that does.
    let other = WiringDescription.Part(
      word: "other", kind: .adc, chip: .mcp4922, name: "OTHER", channelPins: adc.channelPins,
      selectPin: adc.selectPin, linePins: adc.linePins, frameOperations: adc.frameOperations,
      fastestClock: nil, purchases: adc.purchases)
    board.wiring?.selects.append(other)
    let error = #expect(throws: DescriptionError.self) { try board.check() }
    #expect(error?.message.contains("MCP3208 and OTHER, whose frames") == true, "\(error!)")
  }

  @Test func `a pulse is not so long that gates have long come to rest`() throws {
    var board = BoardDescription.lattice(side: 3, update: .multiplier)
    board.timing.pulseLimit = 100 * board.gates.ohms * board.gates.farads
    try board.check()
    board.timing.pulseLimit *= 1.01
    #expect(throws: DescriptionError.self) { try board.check() }
    let message = boardRefusal(board.yaml())
    #expect(message?.contains("pulse_limit of timing is") == true, "\(message ?? "")")
    #expect(message?.contains("100 times ohms times farads") == true, "\(message ?? "")")
  }
}
