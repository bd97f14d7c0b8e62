import Foundation
import Testing

extension Lanes {
  @Suite struct ConformanceLane {
    static let direct = Result { try suite("conformance", overBus: false) }
    static let overBus = Result { try suite("spi-conformance", overBus: true) }

    /// These very tests, in the machine.
    private static func suite(_ name: String, overBus: Bool) throws -> Evidence {
      let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      guard tests.hasSuffix("/TellegenPackageTests.xctest") else {
        throw LaneFailure(description: "\(tests) is not the package's tests")
      }
      let machine = try Machine(name, overBus: overBus)
      try machine.run("conformance", seconds: 400, files: [tests])
      return machine.evidence
    }

    @Test func `the conformance suite passes through the kernel`() throws {
      let evidence = try Self.direct.get()
      let said = try evidence.text("out/log")
      #expect(try evidence.codes("conformance") == [0], "\(said)")
    }

    @Test func `the board's parts had nothing to object to meanwhile`() throws {
      let seen = try Self.direct.get().seen()
      #expect(seen.misuses == 0, "\(seen.firstMisuses)")
    }

    @Test func `the conformance suite passes through the kernel, over the bus`() throws {
      let evidence = try Self.overBus.get()
      let said = try evidence.text("out/log")
      #expect(try evidence.codes("conformance") == [0], "\(said)")
    }
  }
}
