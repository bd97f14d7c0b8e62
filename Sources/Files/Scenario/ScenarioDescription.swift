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
  public var faults: [ScenarioFault]
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

/// Something that is wrong with the double.
public indirect enum ScenarioFault: Sendable, Equatable {
  /// A line, by its role in the board's wiring.
  case line(role: String, Kind)
  /// A learning edge, by its name.
  case edge(name: String, FaultKind)
  /// The chip at a select is deaf and mute.
  case deaf(select: Int)
  /// The converter at a select reads its highest code, whatever comes.
  case saturated(select: Int)
  /// A converter of the other direction is at a select.
  case wrongChip(select: Int)
  /// Something that happens to the whole board.
  case disturbance(Disturbance)
  /// A fault that is there in the first attempts only, and then gone.
  case passing(ScenarioFault, attempts: Int)

  /// What of it there is in an attempt, counted from 1; `nil` for nothing.
  public func at(attempt: Int) -> ScenarioFault? {
    guard case .passing(let fault, let attempts) = self else { return self }
    return attempt <= attempts ? fault : nil
  }

  /// What can be wrong with a line.
  public enum Kind: Sendable, Equatable {
    /// The far end always sees low.
    case stuckLow
    /// The far end always sees high.
    case stuckHigh
    /// Nothing is connected.
    case floating
    /// Changes arrive one operation late.
    case late
    /// It is exchanged with the line of another role.
    case swapped(with: String)
  }
}

extension ScenarioDescription {
  /// Reads and checks a scenario file.
  ///
  /// - Parameters:
  ///   - path: a regular file of UTF-8 text of at most 1 MB.
  ///   - phases: the names of all phases there are.
  /// - Returns: the scenario.
  /// - Throws: `DescriptionError` that says what is wrong, in which line, and what is allowed.
  public static func read(
    path: String, phases: [String]
  ) throws(DescriptionError) -> ScenarioDescription {
    try read(
      text: try Files.text(try contents(of: path, as: .scenario), file: path), file: path,
      phases: phases)
  }

  /// As `read(path:phases:)`, for text that is in memory.
  ///
  /// - Parameters:
  ///   - text: the file's contents.
  ///   - file: the name that errors give.
  ///   - phases: the names of all phases there are.
  /// - Returns: the scenario.
  /// - Throws: `DescriptionError`.
  public static func read(
    text: String, file: String, phases: [String]
  ) throws(DescriptionError) -> ScenarioDescription {
    let fields = try LocatedNode(text: text, file: file)
      .fields(["name", "about", "board", "phases", "needs", "faults", "expect"])
    var scenario = ScenarioDescription(
      name: try fields.required("name").name(), about: try fields["about"]?.text() ?? "",
      board: try fields["board"]?.name(), phases: [], needs: [], faults: [], expectation: nil)
    for entry in try fields.required("phases").list(of: "phase", count: 1...64) {
      scenario.phases.append(try entry.word(phases))
    }
    for entry in try fields["needs"]?.list(of: "fixture", count: entriesAllowed) ?? [] {
      scenario.needs.append(try entry.word(fixtures))
    }
    for entry in try fields["faults"]?.list(of: "fault", count: entriesAllowed) ?? [] {
      scenario.faults.append(try readFault(entry))
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

  /// Reads a fault by itself, as an entry of a scenario's `faults`.
  ///
  /// - Parameters:
  ///   - text: the entry, `{line: MISO, is: stuck_low}` for one.
  ///   - file: the name that errors give.
  /// - Returns: the fault.
  /// - Throws: `DescriptionError`.
  public static func fault(
    _ text: String, file: String
  ) throws(DescriptionError) -> ScenarioFault {
    try readFault(try LocatedNode(text: text, file: file))
  }

  private static func readFault(_ node: LocatedNode) throws(DescriptionError) -> ScenarioFault {
    let fields = try node.fields(
      ["line", "edge", "select", "is", "with", "attempts"] + Disturbance.keys)
    let fault = try readFault(fields, of: node)
    return try fields["attempts"].map { attempts throws(DescriptionError) in
      .passing(fault, attempts: try attempts.integer(in: 1...1000))
    } ?? fault
  }

  private static func readFault(
    _ fields: Fields, of node: LocatedNode
  ) throws(DescriptionError) -> ScenarioFault {
    let word = try fields.required("is")
    if let line = fields["line"] {
      let role = try line.text()
      switch try word.word(["stuck_low", "stuck_high", "floating", "late", "swapped"]) {
      case "stuck_low": return .line(role: role, .stuckLow)
      case "stuck_high": return .line(role: role, .stuckHigh)
      case "floating": return .line(role: role, .floating)
      case "late": return .line(role: role, .late)
      default: return .line(role: role, .swapped(with: try fields.required("with").text()))
      }
    }
    if let edge = fields["edge"] {
      let found = try word.word(FaultKind.allCases.map(\.word))
      return .edge(
        name: try edge.title(), FaultKind.allCases.first { $0.word == found } ?? .dead)
    }
    if let select = fields["select"] {
      let number = try select.integer(in: 0...7)
      switch try word.word(["deaf", "saturated", "wrong_chip"]) {
      case "deaf": return .deaf(select: number)
      case "saturated": return .saturated(select: number)
      default: return .wrongChip(select: number)
      }
    }
    let known = ["line", "edge", "select"].map { "a \($0)" }.joined(separator: ", ")
    guard let text = try? word.text(), Disturbance.words.contains(text) else {
      throw node.error(
        "\(node.what) needs \(known) that it is on, or to be one of "
          + Disturbance.words.joined(separator: ", "))
    }
    return .disturbance(try Disturbance(text, fields))
  }
}
