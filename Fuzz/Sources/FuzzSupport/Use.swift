import Circuit
import Elements
import Files
import Firmware
public import Foundation
public import Runs
public import BoardDouble
import Targets

/// The folder of the package whose files are fuzzed.
public let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The settings that seeds are made of: every kind of edge, gate and wiring, on small tasks.
public func settings() throws -> [String: RunSetting] {
  var settings: [String: RunSetting] = [:]
  func add(_ name: String, _ board: BoardDescription, _ task: TaskDescription, seed: UInt64) {
    let update = board.gates.update
    settings[name] = RunSetting(
      version: "0.1.0", board: board, task: task,
      plan: Plan(
        rule: RuleSettings(update: update), epochs: 3, seed: seed,
        lastPulse: Plan.usualLastPulse(update), keepsBest: update == .comparator))
  }
  func board(_ name: String) throws -> BoardDescription {
    try BoardDescription.read(path: root.appendingPathComponent("board/\(name).yaml").path)
  }
  func task(_ name: String) throws -> TaskDescription {
    var task = try TaskDescription.read(path: root.appendingPathComponent("task/\(name).yaml").path)
    // A handful of samples is as good, and leaves more of the input to the board.
    task.samples = Array(task.samples.prefix(6))
    task.training = min(task.training, max(task.samples.count - 1, 1))
    return task
  }
  add("multiplier", try board("two-edge"), try task("two-tasks"), seed: 1)
  add("direct", try board("breadboard"), try task("regression"), seed: 2)
  add("chains", try board("lattice"), try task("xor"), seed: 3)
  var stepped = try board("two-edge-comparator")
  stepped.gates.taps = 128
  stepped.edges.append(
    EdgeDescription(name: "D", from: 0, to: stepped.edges[0].to, part: .fixed(.diode(Diode()))))
  stepped.faults = [Fault(kind: .comparatorStuckLow, edge: 0)]
  add("steps", stepped, try task("two-tasks"), seed: 4)
  for (name, setting) in settings {
    do { try setting.check() } catch { fatalError("the seed \(name) is refused: \(error)") }
  }
  return settings
}

/// A value as compact JSON; what the program computes must be such that it can be written.
public func json(_ value: some Encodable) -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys]
  do {
    return try encoder.encode(value)
  } catch {
    fatalError("what was computed cannot be written: \(error)")
  }
}

/// Whether a whole number of 18 digits or more is in JSON: a count at the end of its range, which
/// counts on, is out of it.
public func holdsHugeNumber(_ data: Data) -> Bool {
  var digits = 0
  var isFraction = false
  for byte in data {
    if (0x30...0x39).contains(byte) {
      digits += 1
      if digits >= 18 && !isFraction { return true }
    } else {
      digits = 0
      isFraction = byte == 0x2e
    }
  }
  return false
}

/// A value as the program reads it: decoded and checked.
public func accepted<Value: Decodable & CheckedState>(_ type: Value.Type, _ data: Data) -> Value? {
  guard let value = try? JSONDecoder().decode(type, from: data), (try? value.check()) != nil else {
    return nil
  }
  return value
}

/// A session on the double; `nil` when the board refuses it with words.
public func session<Board: VirtualFace>(
  _: Board.Type, _ setting: RunSetting
) -> Session<Board>? {
  try? Session<Board>(description: setting.board, task: setting.task, plan: setting.plan)
}

/// Begins or goes on for a few steps. What is then written must be accepted when it is read again.
public func use<Board: VirtualFace>(_ session: Session<Board>, begins: Bool) {
  countUse()
  var session = session
  var asked = 0
  func stop(after count: Int) -> Bool {
    asked += 1
    return asked > count
  }
  if begins {
    // A first look, and a few of the pulses that bring gates to where they begin.
    guard (try? session.measure([0])) != nil else { return }
    if (try? session.begin(stopping: { stop(after: 12) })) != true {
      // A large board takes many pulses; the supply of an experimenter is quicker.
      let initial = session.description.gates.initial
      session.learner.setGates(session.controllers.map { _ in initial })
      asked = 0
      if (try? session.begin(stopping: { stop(after: 40) })) != true { return }
    }
  }
  asked = 0
  do {
    while !session.isFinished, try session.trainEpoch(stopping: { _ in stop(after: 4) }) {}
  } catch {
    // The circuit or the drivers gave up, with words.
    return
  }
  _ = json(session.result)
  // A hundred years of board time are over for a clock that was near their end.
  if session.board.time.count > 3_100_000_000_000_000_000 { return }
  let kept = json(session.checkpoint)
  guard let read = accepted(Checkpoint<VirtualState>.self, kept) else {
    fatalError("a checkpoint is refused that this program wrote")
  }
  do {
    try session.restore(read)
  } catch {
    fatalError("a checkpoint is refused that this session wrote: \(error)")
  }
}
