import Files
import Firmware
import Foundation
import FuzzSupport
import Runs
import BoardDouble
import VhostGPIO

/// The chip's part of a served state: whatever is accepted must answer.
@main struct Main {
  static func main() throws {
    let chips = try settings().sorted { $0.key < $1.key }.compactMap { _, setting -> PinChip? in
      let place = try setting.task.place(on: setting.board)
      guard let wiring = setting.board.wiring,
        let pins = try? VirtualPins(
          description: setting.board, seed: setting.plan.seed, sources: place.sources,
          targets: place.targets)
      else { return nil }
      return PinChip(pins: pins, wiring: wiring)
    }
    func seeds() -> [String: Data] {
      var seeds: [String: Data] = [:]
      for (index, fresh) in chips.enumerated() {
        var chip = fresh
        seeds["fresh-\(index)"] = json(chip.state)
        ask(&chip, rounds: 300)
        seeds["used-\(index)"] = json(chip.state)
      }
      return seeds
    }
    try fuzz(seeds: seeds) { data in
      guard let state = try? JSONDecoder().decode(PinChip.State.self, from: data) else { return }
      for fresh in chips {
        var chip = fresh
        guard (try? chip.restore(state)) != nil else { continue }
        ask(&chip, rounds: 60)
        countUse()
        let kept = json(chip.state)
        if holdsHugeNumber(kept) { continue }
        do {
          try chip.restore(try JSONDecoder().decode(PinChip.State.self, from: kept))
        } catch {
          fatalError("a state is refused that this chip wrote: \(error)")
        }
      }
    }
  }

  /// Makes requests of every kind.
  private static func ask(_ chip: inout PinChip, rounds: Int) {
    var random = SmallRandom(state: 1)
    var time = chip.pins.time
    for line in 0..<chip.lineCount {
      _ = chip.answer(.setDirection, line: line, value: UInt32(random.next() % 3), at: time)
    }
    for _ in 0..<rounds {
      time = time + .microseconds(Int64(random.next() % 3000))
      let kind = PinChip.Request(rawValue: UInt16(2 + random.next() % 4)) ?? .getValue
      _ = chip.answer(
        kind, line: Int(random.next() % UInt64(chip.lineCount)),
        value: UInt32(random.next() % 3), at: time)
    }
  }
}
