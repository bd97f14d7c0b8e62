import BoardDouble
import Files
import Firmware
import Foundation
import FuzzSupport
import Runs
@testable import VhostGPIO

/// What a machine does to the chip's server, as a script of bytes: a kind, the length of what goes with
/// it (two bytes), and that. Whatever it does, the next machine is served.
private enum Deed: UInt8, CaseIterable {
  /// A control message, whole or not, without or with a file.
  case message, withMemory, withKick, withNotices, withUnsealed
  /// Bytes into its memory, at a place that the first two name.
  case write
  /// A request: kind, line and value.
  case request
  /// Its requests are answered, some time later.
  case serve
  /// It is told of requests.
  case notice
}

@main struct Main {
  static func main() throws {
    guard let setting = try settings()["direct"], let wiring = setting.board.wiring else {
      fatalError("the board has no wiring")
    }
    let place = try setting.task.place(on: setting.board)
    let chip = PinChip(
      pins: try VirtualPins(
        description: setting.board, seed: setting.plan.seed, sources: place.sources,
        targets: place.targets),
      wiring: wiring)
    let unsealed = sharedMemory(Machine.size, seals: [])
    try fuzz(.bytes, seeds: seeds) { data in
      do { try play(Array(data), on: chip, unsealed) } catch {
        fatalError("a machine cannot be made: \(error)")
      }
    }
  }

  private static func script(_ deed: Deed, _ bytes: [UInt8]) -> [UInt8] {
    [deed.rawValue, UInt8(bytes.count & 0xff), UInt8(bytes.count >> 8)] + bytes
  }

  private static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// A proper machine's start, then requests of every kind.
  private static func seeds() -> [String: Data] {
    func message(_ kind: UInt32, _ words: [UInt64], _ deed: Deed = .message) -> [UInt8] {
      script(
        deed,
        bytes(kind) + bytes(UInt32(1)) + bytes(UInt32(8 * words.count)) + words.flatMap(bytes))
    }
    let start =
      message(1, []) + message(2, [Connection.offered]) + message(15, [])
      + message(16, [Connection.offeredProtocol]) + message(17, []) + message(24, [8 << 32, 0])
      + message(5, [1, Machine.guest, UInt64(Machine.size), Machine.user, 0], .withMemory)
      + message(8, [UInt64(Machine.ring) << 32]) + message(10, [0])
      + message(
        9,
        [
          0, Machine.user + UInt64(Machine.table), Machine.user + UInt64(Machine.used),
          Machine.user + UInt64(Machine.available), 0,
        ])
      + message(13, [0], .withNotices) + message(12, [0], .withKick) + message(18, [1 << 32])
    func request(_ kind: UInt16, _ line: UInt16, _ value: UInt32) -> [UInt8] {
      script(.request, bytes(kind) + bytes(line) + bytes(value)) + script(.serve, [200])
    }
    var asked = start
    for kind in UInt16(1)...6 {
      for line in [0, 2, 24, 99] as [UInt16] { asked += request(kind, line, 1) }
    }
    // A chain by hand: descriptors, then the ring of available chains.
    let descriptor =
      bytes(Machine.guest + UInt64(Machine.buffers)) + bytes(UInt32(8)) + bytes(UInt16(1))
      + bytes(UInt16(1)) + bytes(Machine.guest + UInt64(Machine.buffers) + 64)
      + bytes(UInt32(2)) + bytes(UInt16(2)) + bytes(UInt16(0))
    let chain =
      start + script(.write, bytes(UInt16(Machine.table)) + descriptor)
      + script(.write, bytes(UInt16(Machine.buffers)) + bytes(UInt16(2)) + bytes(UInt16(2)))
      + script(.write, bytes(UInt16(Machine.available)) + bytes(UInt16(0)) + bytes(UInt16(1)))
      + script(.notice, []) + script(.serve, [1])
    return [
      "start": Data(start), "asked": Data(asked), "chain": Data(chain),
      "again": Data(asked + message(11, [0]) + start + request(4, 2, 0)),
    ]
  }

  private static func play(_ script: [UInt8], on chip: PinChip, _ unsealed: Int32) throws {
    let machine = try Machine(chip)
    var time = Nanoseconds.zero
    var at = 0
    var deeds = 0
    while at + 3 <= script.count, machine.refusal == nil, deeds < 200 {
      let deed = Deed(rawValue: script[at] % UInt8(Deed.allCases.count)) ?? .message
      let end = min(at + 3 + Int(script[at + 1]) + Int(script[at + 2]) << 8, script.count)
      let bytes = Array(script[(at + 3)..<end])
      at = end
      deeds += 1
      func number(_ place: Int, bytes count: Int) -> UInt32 {
        (0..<count).reduce(0) {
          $0 | UInt32(place + $1 < bytes.count ? bytes[place + $1] : 0) << UInt32(8 * $1)
        }
      }
      switch deed {
      case .message: _ = machine.send(bytes)
      case .withMemory: _ = machine.send(bytes, file: machine.file)
      case .withKick: _ = machine.send(bytes, file: machine.kick)
      case .withNotices: _ = machine.send(bytes, file: machine.notices)
      case .withUnsealed: _ = machine.send(bytes, file: unsealed)
      case .write:
        let place = Int(number(0, bytes: 2))
        let part = bytes.dropFirst(2).prefix(Machine.size - place)
        UnsafeMutableRawBufferPointer(start: machine.memory + place, count: part.count)
          .copyBytes(from: part)
      case .request:
        machine.put(
          UInt16(number(0, bytes: 2)), line: UInt16(number(2, bytes: 2)),
          value: number(4, bytes: 4))
      case .serve:
        time = time + .microseconds(Int64(number(0, bytes: 2)))
        machine.serve(at: time)
      case .notice:
        var one: UInt64 = 1
        Foundation.write(machine.kick, &one, 8)
        do { try machine.connection?.acknowledge() } catch { return }
      }
      machine.ignoreReplies()
    }
    countUse()
    if machine.chip.failure != nil { return }
    let other = try Machine(machine.chip)
    other.start()
    guard other.ask(2, line: 2, value: 0, at: time).status == 0 else {
      fatalError("the next machine is not served: \(other.refusal ?? "no reason")")
    }
  }
}
