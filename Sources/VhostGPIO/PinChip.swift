public import Circuit
public import Files
public import Firmware
public import BoardDouble
public import Traces

/// The double behind the lines of a GPIO chip: what another computer's kernel asks of the chip
/// becomes levels at the double's pins, at the time it is asked.
public struct PinChip: Sendable {
  /// What a line's output driver does.
  public enum Direction: UInt8, Sendable {
    /// Nobody drives or reads the line.
    case none = 0
    /// The computer drives the line.
    case output = 1
    /// The computer reads the line.
    case input = 2
  }

  /// What becomes of an output that is released.
  public enum Release: String, Sendable, CaseIterable {
    /// It stays driven, as on a stock Raspberry Pi kernel.
    case keeps
    /// It floats, and the board's resistors bring it to rest.
    case floats
  }

  /// A line of the chip.
  private struct Line {
    /// The line's name.
    let name: String
    /// The line's bit at the pins, if the board uses it.
    var wire: Int?
    var direction = Direction.none
    /// The level last commanded; it is driven while the line is an output.
    var level = false
  }

  /// The double.
  public private(set) var pins: VirtualPins
  /// What becomes of an output that is released.
  public let release: Release
  /// What was seen so far.
  public private(set) var sightings = Sightings()
  private var lines: [Line]
  private let roles: [String]
  /// The outputs that a program holds and releases: not those of an SPI controller.
  private let watched: LineSet
  private var learnSince: Nanoseconds?

  /// What an observer at the board's side has seen of the computer.
  public struct Sightings: Sendable, Equatable, Codable {
    /// Requests that were answered, by kind: directions, levels set, levels read.
    public var directions = 0
    /// Levels set.
    public var sets = 0
    /// Levels read.
    public var gets = 0
    /// Requests that were refused.
    public var refused = 0
    /// How often the board's outputs were released, all of them: a program's end.
    public var endings = 0
    /// How many of these found an output at another level than at rest, LEARN or another.
    public var unsafeEndings = 0
    /// The roles that were not at rest, for the first of them.
    public var unsafeRoles: [String] = []
    /// How often LEARN rose.
    public var pulses = 0
    /// How often LEARN was already active when the computer made it an output.
    public var activeRequests = 0
    /// The longest time for which LEARN was active, ns.
    public var longestPulse: Int64 = 0
    /// How often a computer went away, by a reset, a reboot or a crash, and left lines in use.
    public var departures = 0

    /// Nothing seen yet.
    public init() {}
  }

  /// Puts a double behind a chip.
  ///
  /// - Parameters:
  ///   - pins: the double.
  ///   - wiring: its wiring; offsets give the chip its size, lines with a name follow after them.
  ///   - release: what becomes of an output that is released.
  public init(pins: VirtualPins, wiring: WiringDescription, release: Release = .keeps) {
    self.pins = pins
    self.release = release
    roles = wiring.wires.map(\.role)
    watched =
      wiring.requested.indices.reduce(.none) { $0 | LineSet(line: $1) } & pins.wiring.outputs
    var used = 0
    for wire in wiring.wires {
      if case .offset(let offset) = wire.line { used = max(used, offset + 1) }
    }
    lines = (0..<used).map { Line(name: "GPIO\($0)") }
    for (index, wire) in wiring.wires.enumerated() {
      switch wire.line {
      case .offset(let offset): lines[offset].wire = index
      case .name(let name): lines.append(Line(name: name, wire: index))
      }
    }
    for index in lines.indices {
      if let wire = lines[index].wire {
        lines[index].level = pins.wiring.idle.meets(LineSet(line: wire))
      }
    }
  }

  /// Why the double can answer no more; `nil` while it can.
  public private(set) var failure: CircuitError?

  /// How many lines the chip has.
  public var lineCount: Int { lines.count }

  /// The lines' names, each ended by a zero.
  public var names: [UInt8] { lines.flatMap { Array($0.name.utf8) + [0] } }

  /// A log of the pins, if one is kept.
  public var trace: Trace? {
    get { pins.trace }
    set { pins.trace = newValue }
  }

  /// Answers a request for a line, at a time. Once the double has failed every request is refused.
  ///
  /// - Returns: the value asked for, 0 where there is none, or `nil` when the request is refused.
  public mutating func answer(
    _ kind: Request, line: Int, value: UInt32, at time: Nanoseconds
  ) -> UInt8? {
    if failure == nil {
      do throws(CircuitError) {
        return try obey(kind, line: line, value: value, at: time)
      } catch { failure = error }
    }
    sightings.refused += 1
    return nil
  }

  private mutating func obey(
    _ kind: Request, line: Int, value: UInt32, at time: Nanoseconds
  ) throws(CircuitError) -> UInt8? {
    guard lines.indices.contains(line) else {
      sightings.refused += 1
      return nil
    }
    switch kind {
    case .getDirection:
      sightings.directions += 1
      return lines[line].direction.rawValue
    case .setDirection:
      guard value < 3, let direction = Direction(rawValue: UInt8(value)) else { break }
      sightings.directions += 1
      try turn(line, to: direction, at: time)
      return 0
    case .getValue:
      sightings.gets += 1
      if let wire = lines[line].wire, lines[line].direction == .input {
        pins.follow(time)
        return try pins.read(mask: LineSet(line: wire)) == .none ? 0 : 1
      }
      return lines[line].level ? 1 : 0
    case .setValue:
      guard value < 2 else { break }
      sightings.sets += 1
      lines[line].level = value == 1
      if lines[line].direction == .output { try drive(line, at: time) }
      return 0
    }
    sightings.refused += 1
    return nil
  }

  /// The computer that used the chip is gone, or its driver starts again: the lines that it had
  /// not released count as released. A connection that ends is not a sign of that, since the same
  /// driver may go on over another one.
  public mutating func depart(at time: Nanoseconds) {
    let used = lines.indices.filter { lines[$0].direction != .none }
    if !used.isEmpty { sightings.departures += 1 }
    do throws(CircuitError) {
      for line in used { try turn(line, to: .none, at: time) }
    } catch { failure = failure ?? error }
  }

  private mutating func turn(
    _ line: Int, to direction: Direction, at time: Nanoseconds
  ) throws(CircuitError) {
    let before = lines[line].direction
    lines[line].direction = direction
    guard let wire = lines[line].wire, before != direction else { return }
    let set = LineSet(line: wire)
    if direction == .output {
      if set == pins.wiring.learn && lines[line].level { sightings.activeRequests += 1 }
      try drive(line, at: time, turning: true)
    } else if before == .output {
      if direction == .none && watched.meets(set) { look() }
      if release == .floats {
        lines[line].level = pins.wiring.idle.meets(set)
        try drive(line, at: time, turning: true)
      }
    }
  }

  /// Whether the outputs are at rest, when the last of them has been released.
  private mutating func look() {
    guard
      !lines.contains(where: { line in
        line.direction == .output
          && line.wire.map { watched.meets(LineSet(line: $0)) } ?? false
      })
    else { return }
    sightings.endings += 1
    var wrong: [String] = []
    for line in lines {
      guard let wire = line.wire, watched.meets(LineSet(line: wire)) else { continue }
      if line.level != pins.wiring.idle.meets(LineSet(line: wire)) { wrong.append(roles[wire]) }
    }
    if !wrong.isEmpty {
      sightings.unsafeEndings += 1
      if sightings.unsafeRoles.isEmpty { sightings.unsafeRoles = wrong }
    }
  }

  private mutating func drive(
    _ line: Int, at time: Nanoseconds, turning: Bool = false
  ) throws(CircuitError) {
    guard let wire = lines[line].wire else { return }
    let set = LineSet(line: wire)
    pins.follow(time)
    let level = lines[line].level ? set : .none
    if turning {
      try pins.turn(level, mask: set)
    } else {
      try pins.write(level, mask: set)
    }
    if set == pins.wiring.learn {
      if lines[line].level {
        if learnSince == nil { sightings.pulses += 1 }
        learnSince = learnSince ?? pins.time
      } else if let since = learnSince {
        sightings.longestPulse = max(sightings.longestPulse, (pins.time - since).count)
        learnSince = nil
      }
    }
  }

  /// What may be asked of a line.
  public enum Request: UInt16, Sendable {
    /// Which way the line is.
    case getDirection = 2
    /// Makes it an input or an output, or releases it.
    case setDirection = 3
    /// The level of an input; of an output what was commanded.
    case getValue = 4
    /// The level to drive, now or once the line is an output.
    case setValue = 5
  }
}

extension PinChip {
  /// Everything about the chip and the board behind it that changes, at any moment between two
  /// requests.
  public struct State: Sendable, Equatable, Codable {
    struct Line: Sendable, Equatable, Codable {
      var direction: UInt8
      var level: Bool
    }

    /// The pins' part.
    public internal(set) var pins: VirtualPins.State
    var lines: [Line]
    var sightings: Sightings
    var learnSince: Int64?
  }

  /// The part that changes.
  public var state: State {
    State(
      pins: pins.state,
      lines: lines.map { State.Line(direction: $0.direction.rawValue, level: $0.level) },
      sightings: sightings, learnSince: learnSince?.count)
  }

  /// Puts a chip of the same wiring and double into a state.
  /// - Throws: `StateMismatch` or `CircuitError` when the state is not one of such a chip; it is
  ///   then unchanged.
  public mutating func restore(_ saved: State) throws {
    let directions = saved.lines.compactMap { Direction(rawValue: $0.direction) }
    guard saved.lines.count == lines.count, directions.count == lines.count,
      saved.sightings.isSound, saved.learnSince ?? 0 >= 0,
      saved.learnSince ?? 0 <= saved.pins.time
    else { throw StateMismatch() }
    try pins.restore(saved.pins)
    for (line, direction) in directions.enumerated() {
      lines[line].direction = direction
      lines[line].level = saved.lines[line].level
    }
    sightings = saved.sightings
    learnSince = saved.learnSince.map { Nanoseconds($0) }
  }
}

extension PinChip.Sightings {
  /// Whether the counts are such as come about.
  fileprivate var isSound: Bool {
    [
      directions, sets, gets, refused, endings, unsafeEndings, pulses, activeRequests, departures,
      Int(longestPulse),
    ].allSatisfy { (0...1 << 60).contains($0) }
  }
}
