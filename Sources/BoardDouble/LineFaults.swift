import Firmware
import Portable

/// A fault of a line between the program and the board.
public enum LineFault: Sendable, Equatable {
  /// The far end always sees low.
  case stuckLow
  /// The far end always sees high.
  case stuckHigh
  /// Nothing is connected: an input reads noise, an output's far end stays at its rest level.
  case floating
  /// Changes arrive late: an output's with the next write, an input's with the next read.
  case late
  /// Exchanged with another line. Of an input and an output that are exchanged, the board's input is at rest,
  /// the program reads that rest, and its output stands against whichever chip is selected.
  case swapped(with: Int)
}

/// The faults of all lines, and what lines with them remember.
struct LineFaults: Sendable {
  /// The lines from the program to the board.
  let outputs: LineSet
  /// The lines from the board to the program.
  let inputs: LineSet
  /// The outputs' levels at rest.
  let idle: LineSet
  private var list: [(line: Int, fault: LineFault)] = []
  private var noise: UInt64 = 0
  private var lastRead = LineSet.none

  /// No faults.
  init(wiring: BoardWiring) {
    outputs = wiring.outputs
    inputs = wiring.inputs
    idle = wiring.idle
  }

  /// Whether every line is as it should be.
  var isEmpty: Bool { list.isEmpty }

  /// Takes every fault off.
  mutating func removeAll() {
    list = []
    isInputDriven = false
  }

  /// Whether an output stands where MISO should be: two outputs then meet while a chip is selected.
  private(set) var isInputDriven = false

  /// Puts a fault on a line, beside those that it has.
  mutating func add(_ fault: LineFault, line: Int) {
    if case .swapped(let other) = fault,
      outputs.meets(LineSet(line: line)) != outputs.meets(LineSet(line: other))
    {
      let output = outputs.meets(LineSet(line: line)) ? line : other
      list.append((output, .floating))
      list.append(
        (
          output == line ? other : line,
          idle.meets(LineSet(line: output)) ? .stuckHigh : .stuckLow
        ))
      isInputDriven = true
      return
    }
    list.append((line, fault))
  }

  /// The levels at the far end of outputs that stand at `levels` and stood at `before`.
  func farEnd(of levels: LineSet, before: LineSet) -> LineSet {
    var seen = levels
    for (line, fault) in list {
      let set = LineSet(line: line)
      switch fault {
      case .stuckLow: seen = seen.without(set)
      case .stuckHigh: seen = seen | set
      case .floating: seen = seen.without(set) | (idle & set)
      case .late: seen = seen.without(set) | (before & set)
      case .swapped(let other):
        let otherSet = LineSet(line: other)
        seen = seen.without(set | otherSet)
        if levels.meets(otherSet) { seen = seen | set }
        if levels.meets(set) { seen = seen | otherSet }
      }
    }
    return seen & outputs
  }

  /// A mask and the lines that lines of it are exchanged with.
  func withPartners(_ mask: LineSet) -> LineSet {
    var all = mask
    for (line, fault) in list {
      guard case .swapped(let other) = fault else { continue }
      if mask.meets(LineSet(line: line)) { all = all | LineSet(line: other) }
      if mask.meets(LineSet(line: other)) { all = all | LineSet(line: line) }
    }
    return all
  }

  /// What a read of the lines `mask` gives where `levels` stand at their far end; `seed` draws what a
  /// floating input reads.
  mutating func nearEnd(of levels: LineSet, mask: LineSet, seed: UInt64) -> LineSet {
    var seen = levels
    for (line, fault) in list {
      let set = LineSet(line: line)
      if case .swapped(let other) = fault {
        let otherSet = LineSet(line: other)
        seen = seen.without((set | otherSet) & inputs)
        if levels.meets(otherSet) { seen = seen | (set & inputs) }
        if levels.meets(set) { seen = seen | (otherSet & inputs) }
        continue
      }
      if !inputs.meets(set) || !mask.meets(set) { continue }
      switch fault {
      case .stuckLow: seen = seen.without(set)
      case .stuckHigh: seen = seen | set
      case .floating:
        noise &+= 1
        let high = Purpose.floating.draw(seed, line).bits(noise) & 1 == 1
        seen = seen.without(set) | (high ? set : .none)
      case .late: seen = seen.without(set) | (lastRead & set)
      case .swapped: break
      }
    }
    lastRead = lastRead.without(mask) | (levels & mask)
    return seen
  }
}
