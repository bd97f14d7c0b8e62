import ArgumentParser
import Testing

@testable import tellegen

@Suite struct ExitTests {
  private struct Surprise: Error {}

  @Test func `an error that no command is known to throw is 70, never 1`() {
    #expect(throws: ExitCode(70)) { try Exits.catching { throw Surprise() } }
  }

  @Test func `a measure that missed its goal is 1`() {
    #expect(throws: ExitCode(1)) {
      try Exits.catching { try Exits.leave("missed", with: Exits.missed) }
    }
  }
}
