package import Files
package import Firmware
package import Runs
package import Traces
import Wiring

#if Simulation
import BoardDouble
#endif

/// A board that has been opened for a run, whatever it is: the double direct, the double at its
/// pins, or a real board at GPIO lines. What differs between them is here and nowhere else: how
/// gates reach their initial voltages, what a checkpoint holds, what may be looked at, and the end.
package protocol OpenTarget {
  /// The board.
  associatedtype Board: LearningBoard
  /// What a checkpoint holds of the board; `Never` of one outside the program.
  associatedtype BoardState: Sendable & Equatable & Codable

  /// The run on the board.
  var session: Session<Board> { get set }

  /// Whether the board is outside the program. Its checkpoints then hold only what was learned,
  /// which is worth keeping at any moment; one inside goes on exactly from between two steps.
  static var isOutside: Bool { get }

  /// What a trace of this board needs for waves; `nil` where its inside cannot be seen.
  var waveform: Waveform? { get }

  /// Begins to keep a log of the lines, or ends it.
  mutating func keep(_ trace: Trace?)

  /// Brings the board to where a run can begin or go on; a real board is looked at first.
  ///
  /// - Parameters:
  ///   - telling: is told what the user should know, a sentence at a time.
  ///   - stopping: asked before whatever takes long.
  /// - Returns: whether it came to the end rather than being stopped.
  /// - Throws: `LooksWrong` for a board that must not be trained as it is, or what the board
  ///   throws.
  mutating func makeReady(
    telling: (String) -> Void, stopping: () -> Bool
  ) throws -> Bool

  /// Brings the board to where it can be measured with its gates as they stand.
  ///
  /// - Throws: what the board throws.
  mutating func beginAsItStands() throws

  /// The run as it stands.
  var checkpoint: Checkpoint<BoardState> { get }

  /// Goes on where a checkpoint was taken.
  ///
  /// - Returns: whether it came to the end rather than being stopped.
  /// - Throws: `SessionError.otherRun` when it is another run's, or what the board throws.
  mutating func restore(
    _ saved: Checkpoint<BoardState>, stopping: () -> Bool
  ) throws -> Bool

  /// How many operations the board's lines have done; `nil` where they are not counted in records.
  static func operations(of board: borrowing Board) -> Int?

  /// Ends the run: the board is put to rest.
  ///
  /// - Parameters:
  ///   - steps: what was counted of the training steps.
  ///   - epochsBefore: the epoch from which the run was resumed.
  /// - Returns: the result, and what was asked of the lines, where there are any.
  /// - Throws: what the board throws.
  mutating func finish(
    steps: LineStatistics.Steps, epochsBefore: Int?
  ) throws -> (result: RunResult, lines: LineStatistics?)

  /// The roles of output lines that stand away from rest; `nil` without lines.
  ///
  /// - Throws: what the lines throw.
  mutating func linesAway() throws -> [String]?

  /// Whether a pattern comes back through the chains as it was sent; `nil` without lines.
  ///
  /// - Throws: what the board throws otherwise.
  mutating func chainComesBack() throws -> Bool?

  /// Lends the board's lines.
  ///
  /// - Parameter user: uses them.
  /// - Returns: whether there are lines that can be lent.
  /// - Throws: what the lines throw.
  mutating func lendLines<User: LineUser>(to user: inout User) throws -> Bool

  /// Leaves a board with nothing driven, wherever the run stands.
  mutating func rest() throws

  /// Leaves a board with nothing driven, whatever happened to it: every step is tried although another
  /// failed, on a double's pins too.
  ///
  /// - Parameter time: how long it may take on the board's clock.
  /// - Returns: what was not done.
  mutating func tearDown(within time: Nanoseconds) -> [TeardownFailure]

  /// What the user should know of the board at the end, a line each.
  var remarks: [String] { get }

  /// What was done to the pins that real parts would not forgive, since the board was opened; `nil`
  /// where nobody watches pins.
  var misuses: PinMisuses? { get }
}

/// A board that must not be trained as it is.
package struct LooksWrong: Error, CustomStringConvertible {
  /// What looks wrong, in words.
  package let findings: [String]
  /// Whether the board was put to rest.
  private var isAtRest = true

  /// Makes the error, of a board that is put to rest.
  package init(findings: [String]) { self.findings = findings }

  /// The same of a board that could not be put to rest.
  package var away: LooksWrong {
    var copy = self
    copy.isAtRest = false
    return copy
  }

  /// The error in words.
  package var description: String {
    "the board does not look right:\n  " + findings.joined(separator: "\n  ")
      + (isAtRest ? "\nlines and converters are at rest; " : "\n") + "repair it, then start again "
      + "(docs/pi/gpio.md, \"The first look\")"
  }
}

/// A target that this program was built without.
package struct TargetLeftOut: Error, CustomStringConvertible {
  /// The target.
  package let target: RunSetting.Target

  /// The error in words.
  package var description: String {
    "this program was built without the double, for real boards only: it has no target "
      + "'\(target.rawValue)'; use --target gpio, or build it with the trait Simulation"
  }
}

/// Something to do with an open board of any kind.
package protocol TargetUser {
  /// Does it.
  mutating func use<Target: OpenTarget>(_ target: inout Target) throws
}

extension RunSetting {
  /// Opens the board of this run, and lets somebody use it.
  ///
  /// A board at GPIO lines is held by this process alone meanwhile; a double that a rig map names, by whoever
  /// hands its hold in.
  ///
  /// - Parameters:
  ///   - target: what learns; by default as the setting says.
  ///   - hold: the rig, where the caller has it already.
  ///   - telling: is told what the user should know, a sentence at a time.
  ///   - user: uses it.
  /// - Throws: `CircuitError` for a board that is no circuit, `WiringError` for one without pins,
  ///   `LineError` for lines that cannot be opened, `DescriptionError` for a task that does not fit the
  ///   board, `SessionError` for a rule that the board refuses, `RigRefusal` for a rig that another process
  ///   has or that is wedged; what the user throws.
  package func open<User: TargetUser>(
    as target: Target? = nil, on hold: RigHold? = nil, telling: (String) -> Void,
    for user: inout User
  ) throws {
    let target = target ?? self.target ?? .double
    switch target {
    #if Simulation
    case .double:
      var opened = try DoubleTarget<DirectBoard>(self)
      try lend(&opened, to: &user, on: hold, telling)
    case .pins:
      var opened = try DoubleTarget<PinBoard>(self)
      try lend(&opened, to: &user, on: hold, telling)
    #else
    case .double, .pins:
      throw TargetLeftOut(target: target)
    #endif
    case .gpio:
      if board.wiring == nil { throw WiringError.none(board: board.name) }
      let own =
        hold == nil
        ? try RigHold(of: board, on: target, rig: rig, for: .now(), telling: telling) : nil
      defer { own?.release() }
      // Until the lines were taken, and with them put to rest, what another left is left.
      var opened = try GPIOTarget(self, telling: telling)
      try lend(&opened, to: &user, on: hold ?? own, telling)
    }
  }

  /// Lets somebody use an open board; on a rig it is kept who does.
  private func lend<Target: OpenTarget, User: TargetUser>(
    _ target: inout Target, to user: inout User, on hold: RigHold?, _ telling: (String) -> Void
  ) throws {
    if let trouble = hold?.drive() { telling(trouble) }
    do { try user.use(&target) } catch {
      hold?.leave(isAtRest: !isNoAnswer(error))
      throw error
    }
    hold?.leave(isAtRest: true)
  }
}
