import Testing

extension Lanes {
  /// The promises of a learning board at the lines of a kernel, in real time.
  @Suite struct ConformanceLane {
    static let direct = Result { try proof("conformance", overBus: false) }
    static let overBus = Result { try proof("spi-conformance", overBus: true) }

    private static func proof(_ name: String, overBus: Bool) throws -> Evidence {
      let machine = try Machine(name, overBus: overBus)
      try machine.prove(by: ["conformance"])
      return machine.evidence
    }

    /// Every promise was kept in every attempt, with nothing for the board's parts to object to.
    private func expectKept(_ evidence: Evidence, allowed: Set<String> = []) throws {
      let text = try evidence.text("out/hil-conformance/record.json")
      #expect(try evidence.codes("conformance") == [0], "\(text)")
      let record: HarnessRecord = try evidence.json("out/hil-conformance/record.json")
      #expect(record.scenarios.count == HarnessRecord.attempts)
      for attempt in record.scenarios {
        #expect(attempt.phases.contains { $0.phase == "conformance" && $0.outcome == "PASS" })
        // Real time is judged by replay, of training: `Learning`.
        #expect(attempt.phases.contains { $0.phase == "faces" && $0.outcome == "SKIP" })
      }
      let seen = try evidence.seen()
      #expect(Set(seen.misusesByRule.keys).subtracting(allowed).isEmpty, "\(seen.firstMisuses)")
      #expect(seen.sightings.unsafeEndings == 0)
    }

    @Test func `every promise is kept through the kernel`() throws {
      try expectKept(try Self.direct.get())
    }

    @Test func `every promise is kept through the kernel, over the bus`() throws {
      // A controller reads MISO in every frame.
      try expectKept(
        try Self.overBus.get(), allowed: ["MISO is read only while a chip drives it"])
    }
  }
}
