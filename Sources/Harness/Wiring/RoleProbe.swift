import BoardDouble
import Files
import Firmware
import Targets

/// Presents voltages on a board whose edges have lines, its output lines tried in other roles, and takes
/// what comparators say. Where the roles are those that the lines truly have, they say what they must.
struct RoleProbe: LineUser {
  let presentations: [WiringPresentation]
  /// For each trial the line of each role.
  let trials: [[Int]]
  /// What comparators said in each trial, a bit a presentation.
  private(set) var bits: [[UInt64]] = []

  init(_ presentations: [WiringPresentation], trials: [[Int]]) {
    self.presentations = presentations
    self.trials = trials
  }

  mutating func use<L: Lines & ~Copyable>(
    _ lines: inout L, _ wiring: BoardWiring
  ) throws(L.Failure) {
    for roles in trials {
      func at(_ set: LineSet) -> LineSet {
        var moved = LineSet.none
        for (role, line) in roles.enumerated() where set.meets(LineSet(line: role)) {
          moved = moved | LineSet(line: line)
        }
        return moved
      }
      try lines.write(at(wiring.idle), mask: at(wiring.outputs))
      var said = [UInt64](repeating: 0, count: 2 * wiring.edgeCount)
      for (number, presentation) in presentations.enumerated() {
        var outputs: [(ConverterChannel, Double)] = []
        for (channel, volts) in presentation.sources.enumerated() {
          outputs.append((wiring.sources[channel], volts))
        }
        for (channel, volts) in presentation.clamps.enumerated() {
          outputs.append((wiring.clamps[channel], volts ?? 0))
        }
        for (channel, volts) in outputs where channel != .rail {
          let code: UInt32 = wiring.converter.code(for: Voltage(volts: volts))
          let word: UInt32 = (channel.channel & 1 == 0 ? 0x3000 : 0xb000) | (code & 0xfff)
          let select = at(wiring.selectLine(channel.select))
          try lines.write(.none, mask: select)
          for bit in (0..<16).reversed() {
            try lines.write(
              (word >> UInt32(bit)) & 1 == 1 ? at(wiring.dataOut) : LineSet.none,
              mask: at(wiring.dataOut))
            try lines.write(at(wiring.clock), mask: at(wiring.clock))
            try lines.write(.none, mask: at(wiring.clock))
          }
          try lines.write(select, mask: select)
        }
        try lines.wait(wiring.settle)
        let levels = try lines.read(mask: wiring.inputs.without(wiring.dataIn))
        for comparator in said.indices
        where levels.meets(wiring.edgeLine(comparator / 2, comparator & 1)) {
          said[comparator] |= 1 << UInt64(number)
        }
      }
      bits.append(said)
      try lines.write(wiring.idle, mask: wiring.outputs)
    }
  }

  /// What exchanges of lines, one or two, make comparators say what they must, better than the lines as
  /// they are: by how much is told by the gain, since comparators that are not connected say something
  /// right by chance.
  static func exchanges<Target: OpenTarget>(
    on target: inout Target, _ subject: Subject, _ wiring: WiringDescription, gain: Double = 0.9
  ) throws -> [[WiringMistake]] {
    guard wiring.kind == .direct, wiring.spi == nil else { return [] }
    let edges = subject.views.count
    let selects = wiring.selects.count
    let common = [0, 1, 3] + (0..<selects).map { 4 + $0 }
    var drives: [Int] = []
    for edge in 0..<edges {
      let first = 4 + selects + 4 * edge
      drives += [first + 2, first + 3]
    }
    func wire(_ line: Int) -> BoardWire {
      let place = line - 4 - selects
      return place < 0
        ? .line(wiring.wires[line].role)
        : .edge(place / 4, BoardWire.EdgeWire(rawValue: place % 4)!)
    }
    var swaps: [(Int, Int)] = []
    for (place, one) in common.enumerated() {
      swaps += common.dropFirst(place + 1).map { (one, $0) }
      if one != 3 { swaps += drives.map { (one, $0) } }
    }
    func mistake(_ swap: (Int, Int)) -> WiringMistake {
      let chips = 4..<4 + selects
      return chips.contains(swap.0) && chips.contains(swap.1)
        ? .selects(swap.0 - 4, swap.1 - 4) : .swapped(wire(swap.0), wire(swap.1))
    }
    let expected = try WiringExpectation.of(subject, .beforePulses, [])
    let presentations = WiringPresentation.all(subject)
    func agreements(_ sets: [[(Int, Int)]], _ target: inout Target) throws -> [Double] {
      var trials: [[Int]] = []
      for set in sets {
        var roles = Array(wiring.wires.indices)
        for (one, other) in set { roles.swapAt(one, other) }
        trials.append(roles)
      }
      var probe = RoleProbe(presentations, trials: trials)
      guard try target.lendLines(to: &probe) else { return [] }
      return probe.bits.map(expected.agreement)
    }
    let single = try agreements([[]] + swaps.map { [$0] }, &target)
    guard let plain = single.first, let best = single.dropFirst().max() else { return [] }
    let most = Double(expected.decided.count { $0 != 0 })
    let alone = swaps.indices.filter { single[$0 + 1] > best - 0.01 }.map { mistake(swaps[$0]) }
    if best > plain + gain, best > 0.7 * most { return [alone] }
    if plain > 0.7 * most { return [] }
    var pairs: [[(Int, Int)]] = []
    for (place, one) in swaps.enumerated() {
      for other in swaps.dropFirst(place + 1)
      where Set([one.0, one.1, other.0, other.1]).count == 4 { pairs.append([one, other]) }
    }
    let double = try agreements(pairs, &target)
    if let top = double.max(), top > max(plain, best) + 0.9, top > 0.7 * most {
      let tied = pairs.indices.filter { double[$0] > top - 0.01 }.map { pairs[$0] }
      if tied.count == 1 { return tied[0].map { [mistake($0)] } }
    }
    return best > plain + 1.5 ? [alone] : []
  }
}
