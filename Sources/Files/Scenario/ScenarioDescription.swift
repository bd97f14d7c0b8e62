/// What a scenario file says: which phases a board goes through, in order, and what is wrong with the
/// double meanwhile.
public struct ScenarioDescription: Sendable, Equatable {
  /// Name of the scenario.
  public var name: String
  /// One or two sentences for a reader; may be empty.
  public var about: String
  /// The only board it is for; `nil` where it is for all.
  public var board: String?
  /// The names of its phases, in order.
  public var phases: [String]
  /// The fixtures that a rig must have for it.
  public var needs: [String]
  /// What is wrong with the double; a scenario with faults is for the double alone.
  public var faults: [PlacedFault]
  /// In which line of its file each of them begins, as far as that is known.
  package var faultLines: [Int?] = []
  /// What the faults must lead to; `nil` of a scenario without faults, which must pass.
  public var expectation: Expectation?
  /// Whether nothing is to be found: every phase passes in spite of the faults, and LEARN is never in
  /// effect for longer than t_max.
  public var isKept = false

  /// What must be found in a board with faults.
  public struct Expectation: Sendable, Equatable {
    /// The phases of which one must fail first; which one may hang on the board's parts.
    public var phases: [String]
    /// What one of its findings must say.
    public var says: String
  }

  /// The fixtures that a scenario may need.
  public static let fixtures = ["loopback", "meter", "load"]

  /// How many phases and faults a scenario may have.
  static let entriesAllowed = 0...64
}

extension ScenarioDescription {
  /// Reads and checks a scenario file.
  ///
  /// - Parameters:
  ///   - path: a regular file of UTF-8 text of at most 1 MB.
  ///   - phases: the names of all phases there are.
  ///   - order: for a phase that means nothing without another one before it, that one.
  /// - Returns: the scenario.
  /// - Throws: `DescriptionError` that says what is wrong, in which line, and what is allowed.
  public static func read(
    path: String, phases: [String], order: [String: String]
  ) throws(DescriptionError) -> ScenarioDescription {
    try read(
      text: try Files.text(try contents(of: path, as: .scenario), file: path), file: path,
      phases: phases, order: order)
  }

  /// As `read(path:phases:order:)`, for text that is in memory.
  ///
  /// - Parameters:
  ///   - text: the file's contents.
  ///   - file: the name that errors give.
  ///   - phases: the names of all phases there are.
  ///   - order: for a phase that means nothing without another one before it, that one.
  /// - Returns: the scenario.
  /// - Throws: `DescriptionError`.
  public static func read(
    text: String, file: String, phases: [String], order: [String: String]
  ) throws(DescriptionError) -> ScenarioDescription {
    let fields = try LocatedNode(text: text, file: file)
      .fields(["name", "about", "board", "phases", "needs", "faults", "expect"])
    var scenario = ScenarioDescription(
      name: try fields.required("name").name(), about: try fields["about"]?.text() ?? "",
      board: try fields["board"]?.name(), phases: [], needs: [], faults: [], expectation: nil)
    for entry in try fields.required("phases").list(of: "phase", count: 1...64) {
      let phase = try entry.word(phases)
      if let earlier = order[phase], !scenario.phases.contains(earlier) {
        throw entry.error(
          "phase \(phase) means nothing without phase \(earlier) before it, which brings gates to known "
            + "voltages: add \(earlier) before \(phase), after look")
      }
      scenario.phases.append(phase)
    }
    for entry in try fields["needs"]?.list(of: "fixture", count: entriesAllowed) ?? [] {
      scenario.needs.append(try entry.word(fixtures))
    }
    for entry in try fields["faults"]?.list(of: "fault", count: entriesAllowed) ?? [] {
      let fault = try PlacedFault(entry, mayPass: true)
      if let why = fault.contradiction(to: scenario.faults) {
        throw entry.error("\(entry.what): \(why)")
      }
      scenario.faults.append(fault)
      scenario.faultLines.append(entry.line)
    }
    if let node = fields["expect"] {
      if scenario.faults.isEmpty {
        throw node.error("expect is for a scenario with faults; one without must pass")
      }
      let expected = try node.fields(["phase", "says", "kept"])
      if let kept = expected["kept"] {
        _ = try kept.word(["t_max"])
        scenario.isKept = true
        return scenario
      }
      let phase = try expected.required("phase")
      var finders: [String] = []
      if phase.isList {
        for entry in try phase.list(of: "phase", count: 1...64) {
          finders.append(try entry.word(scenario.phases))
        }
      } else {
        finders = [try phase.word(scenario.phases)]
      }
      scenario.expectation = Expectation(
        phases: finders, says: try expected.required("says").text())
    } else if let node = fields["faults"], !scenario.faults.isEmpty {
      throw node.error("a scenario with faults needs expect: which phase finds them, and its words")
    }
    return scenario
  }
}
