import Circuit
import Files
import Firmware
import Foundation
import Testing

@testable import BoardDouble
@testable import VhostGPIO

struct PinChipTests {
  private func chip(_ release: PinChip.Release = .keeps) throws -> (PinChip, BoardWiring) {
    let bench = try Bench("lattice", task: "xor")
    return (
      PinChip(pins: bench.kernel.pins, wiring: bench.board.wiring!, release: release),
      bench.wiring
    )
  }

  @Test func `the chip has the lines of the wiring, by offset`() throws {
    let (chip, _) = try chip()
    #expect(chip.lineCount == 26)
    #expect(chip.names.split(separator: 0).count == 26)
    #expect(chip.names.last == 0)
  }

  @Test func `once the double has failed every request is refused, and why is kept`() throws {
    let bench = try Bench("breadboard", task: "regression")
    var pins = bench.kernel.pins
    pins.analog.solutionsLeft = 0
    var chip = PinChip(pins: pins, wiring: bench.board.wiring!)
    var refused = 0
    for line in 0..<chip.lineCount
    where chip.answer(.setDirection, line: line, value: 2, at: .zero) != nil {
      if chip.answer(.getValue, line: line, value: 0, at: Nanoseconds(1000)) == nil { refused += 1 }
    }
    #expect(refused > 0)
    #expect(chip.failure == .notConverged(node: 0, residual: 0, iterations: 0, sweeps: 0))
    #expect(chip.answer(.getDirection, line: 0, value: 0, at: Nanoseconds(2000)) == nil)
  }

  @Test func `a level set before the direction is driven with it`() throws {
    var (chip, _) = try chip()
    #expect(chip.answer(.setValue, line: 23, value: 1, at: Nanoseconds(1000)) == 0)
    #expect(chip.sightings.pulses == 0)
    #expect(chip.answer(.setDirection, line: 23, value: 1, at: Nanoseconds(2000)) == 0)
    #expect(chip.sightings.activeRequests == 1)
    #expect(chip.answer(.getDirection, line: 23, value: 0, at: Nanoseconds(2000)) == 1)
    #expect(chip.answer(.setValue, line: 23, value: 0, at: Nanoseconds(9_000_000)) == 0)
    #expect(chip.sightings.pulses == 1)
    #expect(abs(chip.sightings.longestPulse - 8_998_000) < 5000)
  }

  @Test(arguments: PinChip.Release.allCases)
  func `a released output keeps its level or floats to rest`(_ release: PinChip.Release) throws {
    var (chip, _) = try chip(release)
    for line in [23, 24] {
      _ = chip.answer(.setValue, line: line, value: 0, at: .zero)
      _ = chip.answer(.setDirection, line: line, value: 1, at: .zero)
    }
    _ = chip.answer(.setDirection, line: 23, value: 0, at: .zero)
    _ = chip.answer(.setDirection, line: 24, value: 0, at: .zero)
    // LOAD (line 24) rests high.
    #expect(chip.answer(.getValue, line: 24, value: 0, at: .zero) == (release == .keeps ? 0 : 1))
    #expect(chip.sightings.endings == 1)
    #expect(chip.sightings.unsafeEndings == 1)
    #expect(chip.sightings.unsafeRoles == ["LOAD"])
  }

  @Test func `what is senseless is refused and counted`() throws {
    var (chip, _) = try chip()
    #expect(chip.answer(.getValue, line: 26, value: 0, at: .zero) == nil)
    #expect(chip.answer(.getValue, line: -1, value: 0, at: .zero) == nil)
    #expect(chip.answer(.setDirection, line: 1, value: 3, at: .zero) == nil)
    #expect(chip.answer(.setValue, line: 1, value: 2, at: .zero) == nil)
    #expect(chip.sightings.refused == 4)
  }
}

struct ConnectionTests {
  @Test func `features, queues and the chip's size are told`() throws {
    let machine = try Machine()
    #expect(machine.send(1, []))
    #expect(machine.reply(words: 1) == [Connection.offered])
    #expect(machine.send(15, []))
    #expect(machine.reply(words: 1) == [0x209])
    #expect(machine.send(17, []))
    #expect(machine.reply(words: 1) == [2])
  }

  @Test func `requests are answered, with two bytes each and a notice`() throws {
    let machine = try Machine()
    machine.start()
    #expect(machine.ask(5, line: 23, value: 1) == (0, 0, 2))
    #expect(machine.ask(3, line: 23, value: 1) == (0, 0, 2))
    #expect(machine.ask(4, line: 23, value: 0) == (0, 1, 2))
    #expect(machine.ask(2, line: 23, value: 0) == (0, 1, 2))
    // Beyond the chip, and of no known kind.
    #expect(machine.ask(4, line: 26, value: 0) == (1, 0, 2))
    #expect(machine.ask(6, line: 1, value: 1) == (1, 0, 2))
    #expect(machine.ask(999, line: 1, value: 1) == (1, 0, 2))
    var notices: UInt64 = 0
    #expect(read(machine.notices, &notices, 8) == 8 && notices == 7)
  }

  @Test func `a chain that lies is given back, and the next one answered`() throws {
    let machine = try Machine()
    machine.start()
    let outside: [UInt64] = [
      0, Machine.guest - 1, Machine.guest + UInt64(Machine.size), .max, .max - 7,
      Machine.guest + UInt64(Machine.size) - 4,
    ]
    var given: UInt16 = 0
    for address in outside {
      machine.describe(5, address: address, length: 8, flags: 2)
      machine.offer(head: 5)
      given += 1
      #expect(machine.given == given)
    }
    // A loop, a length of nearly 4 GiB, a head and a next beyond the table, an indirect table.
    machine.describe(5, address: Machine.guest, length: 8, flags: 1, next: 5)
    machine.describe(6, address: Machine.guest, length: .max, flags: 2)
    machine.describe(7, address: Machine.guest, length: 8, flags: 1, next: 64)
    machine.describe(8, address: Machine.guest, length: 16, flags: 4)
    for head: UInt16 in [5, 6, 7, 8, 64, .max] {
      machine.offer(head: head)
      given += 1
      #expect(machine.given == given)
    }
    #expect(machine.ask(4, line: 24, value: 0) == (0, 1, 2))
  }

  @Test func `control messages that lie end the connection`() throws {
    let lies: [(UInt32, [UInt64])] = [
      (2, [1 << 40]), (16, [1 << 20]), (8, [3 << 32]), (8, [UInt64(65536) << 32]), (8, [7]),
      (10, [9]), (18, [77]), (12, [0]), (5, [9]), (5, [1, 0, 0, 0, 0]), (9, [5, 0, 0, 0, 0]),
      (24, [0]),
    ]
    for (kind, words) in lies {
      let machine = try Machine()
      #expect(!machine.send(kind, words), "message \(kind) \(words)")
    }
    // Another protocol version, and a payload beyond all measure.
    #expect(!(try Machine()).send(1, [], flags: 2))
    #expect(!(try Machine()).send([1, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255]))
    // Memory that its file does not have.
    let machine = try Machine()
    #expect(
      !machine.send(
        5, [1, Machine.guest, UInt64(Machine.size) * 2, Machine.user, 0], file: machine.file))
  }

  @Test func `a ring outside the memory is refused`() throws {
    for place in [UInt64(0), Machine.user - 16, Machine.user + UInt64(Machine.size) - 16] {
      let machine = try Machine()
      machine.send(2, [Connection.offered])
      machine.send(
        5, [1, Machine.guest, UInt64(Machine.size), Machine.user, 0], file: machine.file)
      machine.send(8, [UInt64(Machine.ring) << 32])
      machine.send(9, [0, place, Machine.user, Machine.user, 0])
      #expect(!machine.send(12, [0], file: machine.kick))
    }
  }

  @Test func `a machine that stops and starts finds the chip as it was`() throws {
    let machine = try Machine()
    machine.start()
    _ = machine.ask(5, line: 24, value: 0)
    _ = machine.ask(3, line: 24, value: 1)
    // GET_VRING_BASE stops the ring and tells where it stood.
    machine.send(11, [0])
    #expect(machine.reply(words: 1) == [2 << 32])
    machine.send(10, [2 << 32])
    machine.send(12, [0], file: machine.kick)
    #expect(machine.ask(4, line: 24, value: 0) == (0, 0, 2))
    #expect(machine.ask(2, line: 24, value: 0) == (0, 1, 2))
  }
}
