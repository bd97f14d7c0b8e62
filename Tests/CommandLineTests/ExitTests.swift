import ArgumentParser
import Foundation
import Storage
import Testing

@testable import tellegen

@Suite struct ExitTests {
  private struct Surprise: Error {}

  @Test func `an error that no command is known to throw is 70, never 1`() {
    #expect(throws: ExitCode(70)) { try Exits.catching { throw Surprise() } }
  }

  @Test(arguments: [(EACCES, Int32(77), "chmod"), (ENOENT, 74, "makes one"), (EIO, 74, "error")])
  func `a calibration that cannot be read ends as the system's answer says`(
    _ number: Int32, _ code: Int32, _ told: String
  ) {
    let refusal = CalibrationRefusal(unread: StorageError(path: "a.json", number: number))
    #expect(Exits.code(of: refusal)?.rawValue == code)
    #expect(refusal.description.contains("a.json") && refusal.description.contains(told))
  }

  @Test func `a measure that missed its goal is 1`() {
    #expect(throws: ExitCode(1)) {
      try Exits.catching { try Exits.leave("missed", with: Exits.missed) }
    }
  }
}
