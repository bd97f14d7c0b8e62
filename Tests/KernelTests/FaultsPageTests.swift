import Files
import Foundation
import Harness
import TestSupport
import Testing

/// `docs/hil/faults.md` is generated from the cases of the lane `faults`, from the tests that need no
/// kernel, and from `hil/scenarios`. With TELLEGEN_WRITE_PAGES it is written anew.
@Suite struct FaultsPageTests {
  private static let path = packageRoot + "/docs/hil/faults.md"

  private static func table(_ head: [String], _ rows: [[String]]) -> String {
    ([head, head.map { _ in "---" }] + rows)
      .map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
  }

  /// What the user sees of a case of the lane.
  private static func sees(_ fault: FaultCase) -> String {
    let words = fault.says.map { "\u{201C}\($0)\u{201D}" }.joined(separator: ", ")
    return "exit code \(fault.code)" + (words.isEmpty ? "" : ": " + words)
  }

  private static func words(_ fault: PlacedFault) -> String {
    switch fault {
    case .line(let role, let kind):
      switch kind {
      case .stuckLow: "\(role) stuck low"
      case .stuckHigh: "\(role) stuck high"
      case .floating: "\(role) floating"
      case .late: "\(role) late"
      case .swapped(let other): "\(role) and \(other) exchanged"
      }
    case .edge(let name, let kind): "edge \(name): \(kind.word.replacing("_", with: " "))"
    case .deaf(let select): "the chip at select \(select) deaf and mute"
    case .passing(let fault, let attempts): "\(words(fault)) in \(attempts) attempts"
    case .saturated(let select): "the converter at select \(select) saturated"
    case .wrongChip(let select): "the wrong converter at select \(select)"
    case .disturbance(.supplySag(let part, let at, let lasting)):
      "supply at \((part * 100).formatted()) % from \(at.formatted()) s, for \(lasting.formatted()) s"
    case .disturbance(.clockJump(let by, let at)):
      "a stop of \(by.formatted()) s at \(at.formatted()) s"
    case .disturbance(.lateTicks(let by, let share)):
      "\((share * 100).formatted()) % of waits late by \(by.formatted()) s"
    }
  }

  /// The page as it must be.
  private static func page() throws -> String {
    let faults = FaultCase.list.map { [$0.fault, sees($0), $0.kept, $0.bound] }
    let offline = OfflineFault.list.map {
      [$0.fault, $0.sees, $0.kept, $0.bound, "`\($0.file).swift`"]
    }
    var scenarios: [[String]] = []
    for name in knownNames(of: .scenario, near: [packageRoot]).sorted() {
      let scenario = try ScenarioDescription.read(
        path: packageRoot + "/hil/scenarios/\(name).yaml")
      if scenario.isKept {
        scenarios.append([
          "`\(name)`", scenario.faults.map(words).joined(separator: ", "), "none",
          "nothing: it learns, and LEARN ends within t_max",
        ])
      }
      guard let expected = scenario.expectation else { continue }
      scenarios.append([
        "`\(name)`", scenario.faults.map(words).joined(separator: ", "),
        expected.phases.map { "`\($0)`" }.joined(separator: " or "),
        "\u{201C}\(expected.says)\u{201D}",
      ])
    }
    return """
      # Faults

      What goes wrong, what the user sees, what was kept and how large the damage can be. Each line is a
      test. This page is generated: `TELLEGEN_WRITE_PAGES=1 swift test --filter FaultsPageTests` writes it
      anew, and without that variable the same test fails where it is stale.

      What bounds the damage to a board is its one-shot: LEARN is in effect for t_max at most (19 ms on the
      breadboard), whatever becomes of the line.

      ## At the lines of a kernel

      `make hil only=faults`: \(faults.count) faults in one boot, at the unmodified program and the
      breadboard. `hil/failing-calls.c`, loaded beside the program, has calls of GPIO fail, come late or end in
      a signal, by count. After each, `tellegen rest` looks at the lines; what did not come to its end is gone
      on with, and must learn all of its epochs. The double behind the lines measures for how long LEARN
      is in effect and counts misuses by rule; its one-shot is modelled, and only a real board shows what a
      real one does. SIGKILL and crashes say nothing themselves: `tellegen rest` and the next start do.

      \(table(["fault", "what the user sees", "what was kept", "bound on the damage"], faults))
      ## Without a kernel

      Tests of `make test`; of campaigns they do a sample, `make long` all.

      \(table(
        ["fault", "what the user sees", "what was kept", "bound on the damage", "test"], offline))
      ## Of the board

      Scenarios of [the harness](harness.md), on the double: the board is put to rest after each, nothing is
      learned on a board that is not as it must be, and what was learned before is not touched.

      \(table(["scenario", "fault", "phase that finds it", "what it says"], scenarios))
      """ + "\n"
  }

  @Test func `the page of faults is up to date`() throws {
    let page =
      try Self.page().replacing("\n\n\n", with: "\n\n").trimmingSuffix(while: \.isNewline)
      + "\n"
    if ProcessInfo.processInfo.environment["TELLEGEN_WRITE_PAGES"] != nil {
      try page.write(toFile: Self.path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOfFile: Self.path, encoding: .utf8) == page)
  }

  @Test func `every test that the page names is there`() throws {
    for fault in OfflineFault.list {
      let text = try String(
        contentsOfFile: packageRoot + "/Tests/\(fault.file).swift", encoding: .utf8)
      #expect(text.contains("`\(fault.test)`"), "\(fault.file): \(fault.test)")
    }
  }

  @Test func `cases have names of their own`() {
    #expect(Set(FaultCase.list.map(\.name)).count == FaultCase.list.count)
  }
}

extension String {
  fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> String {
    var text = self
    while let last = text.last, isDropped(last) { text.removeLast() }
    return text
  }
}
