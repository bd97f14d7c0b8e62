import Foundation
import Portable
import Testing

@testable import Files

/// Files that somebody's disk or editor has spoilt.
@Suite struct FuzzTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private var rounds: Int {
    ProcessInfo.processInfo.environment["TELLEGEN_LONG"] == nil ? 150 : 20_000
  }

  /// Spoils a text in one to four places: bytes changed, removed, doubled, or a line moved.
  private func spoilt(_ bytes: [UInt8], _ draw: Draw) -> String {
    var bytes = bytes
    for place in 0...draw.index(0, below: 4) {
      let event = UInt64(10 * place)
      let at = draw.index(event + 1, below: bytes.count)
      let to = min(bytes.count, at + 1 + draw.index(event + 2, below: 30))
      switch draw.index(event + 3, below: 4) {
      case 0: bytes[at] = UInt8(32 + draw.index(event + 4, below: 95))
      case 1: bytes.removeSubrange(at..<to)
      case 2: bytes.insert(contentsOf: Array(bytes[at..<to]), at: at)
      default: bytes.insert(contentsOf: Array("\n{[&*!|>:-".utf8), at: at)
      }
      if bytes.isEmpty { bytes = [10] }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(arguments: ["lattice", "lattice-multiplier", "two-edge", "breadboard"])
  func `a spoilt board is read or refused with words`(name: String) throws {
    let bytes = Array(try Data(contentsOf: root.appending(path: "board/\(name).yaml")))
    for round in 0..<rounds {
      let text = spoilt(bytes, Draw(seed: 1, purpose: 1, device: UInt32(round)))
      do {
        let board = try BoardDescription.read(text: text, file: "spoilt.yaml")
        #expect(!board.nodes.isEmpty && !board.edges.isEmpty)
      } catch {
        #expect("\(error)".hasPrefix("spoilt.yaml"), "\(error)")
        #expect(!error.message.isEmpty)
      }
    }
  }

  @Test(arguments: ["iris", "xor", "regression", "allostery", "two-tasks"])
  func `a spoilt task is read or refused with words`(name: String) throws {
    let file = root.appending(path: "task/\(name).yaml").path
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
    for round in 0..<rounds {
      let text = spoilt(bytes, Draw(seed: 2, purpose: 1, device: UInt32(round)))
      do {
        let task = try TaskDescription.read(text: text, file: file)
        #expect(task.samples.allSatisfy { $0.inputs.allSatisfy(\.isFinite) })
      } catch {
        #expect(!error.message.isEmpty)
      }
    }
  }

  @Test func `a spoilt rig is read or refused with words`() throws {
    let bytes = Array(try Data(contentsOf: root.appending(path: "rig/exp1.yaml")))
    // Beside the shipped one's folders, so that what it names is found.
    try withFolder { folder in
      for name in ["board", "task", "data"] {
        try FileManager.default.createSymbolicLink(
          atPath: "\(folder)/\(name)", withDestinationPath: root.appending(path: name).path)
      }
      try FileManager.default.createDirectory(
        atPath: folder + "/rig", withIntermediateDirectories: true)
      let path = folder + "/rig/spoilt.yaml"
      for round in 0..<rounds {
        try save(spoilt(bytes, Draw(seed: 3, purpose: 1, device: UInt32(round))), path)
        do {
          let rig = try RigDescription.read(path: path)
          #expect(rig.tasks.count == 2 && Set(rig.plane) == [0, 1])
          #expect((rig.rateFactor == nil) != rig.relaxations.isEmpty)
          for task in rig.tasks {
            #expect(task.task.inputs.indices.contains(task.input))
            #expect([task.slope, task.offset, task.drift].allSatisfy { $0.isFinite })
          }
        } catch let error as DescriptionError {
          #expect(!error.message.isEmpty)
          #expect(!"\(error)".contains("the task states"), "\(error)")
        }
      }
    }
  }

  @Test func `a spoilt table of a rig is read or refused with file and line`() throws {
    let file = root.appending(path: "data/imperfect-exp1/mse.csv")
    let bytes = Array(try Data(contentsOf: file))
    let rig = try String(contentsOf: root.appending(path: "rig/exp1.yaml"), encoding: .utf8)
      .replacing("../data/imperfect-exp1/mse.csv", with: "mse.csv")
      .replacing("../data", with: root.appending(path: "data").path)
    try withFolder { folder in
      try save(rig, folder + "/rig.yaml")
      for round in 0..<rounds {
        try save(
          spoilt(bytes, Draw(seed: 4, purpose: 1, device: UInt32(round))), folder + "/mse.csv")
        do {
          let read = try RigDescription.read(path: folder + "/rig.yaml")
          #expect(read.measuredError.allSatisfy { $0.x > 0 && $0.y > 0 && $0.y.isFinite })
        } catch let error as DescriptionError {
          #expect("\(error)".contains("mse.csv"), "\(error)")
        }
      }
    }
  }

  @Test(arguments: ["iris/iris", "wine/wine", "made"])
  func `a spoilt table is learned from or refused with words`(name: String) throws {
    // One with all that tables may have: UTF-16, decimal commas, quotes, missing values.
    let made =
      "sep=;\r\n\"a\";b;kind\r\n"
      + (0..<30).map { "\($0 % 7),\($0)5;\($0 % 9 == 0 ? "NA" : "1,5\($0)");\"k\($0 % 3)\"\r\n" }
      .joined()
    let bytes =
      name == "made"
      ? made.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      : Array(try Data(contentsOf: root.appending(path: "data/\(name).csv")).prefix(3000))
    for round in 0..<rounds {
      let draw = Draw(seed: 5, purpose: 1, device: UInt32(round))
      var spoilt = bytes
      for place in 0...draw.index(0, below: 4) {
        let event = UInt64(10 * place)
        let at = draw.index(event + 1, below: spoilt.count)
        let words = ["\n", ",", ";", "\t", "\"", "\r", "1e308", "-1,000", "nan", "\0", "\u{FEFF}"]
        switch draw.index(event + 2, below: 3) {
        case 0: spoilt[at] = UInt8(draw.index(event + 3, below: 256))
        case 1:
          spoilt.removeSubrange(at..<min(spoilt.count, at + 1 + draw.index(event + 3, below: 40)))
        default:
          spoilt.insert(
            contentsOf: Array(words[draw.index(event + 3, below: words.count)].utf8), at: at)
        }
        if spoilt.isEmpty { spoilt = [10] }
      }
      do throws(DescriptionError) {
        let table = try DataTable.read(spoilt, path: "spoilt.csv")
        let isClass = [nil, true, false][draw.index(90, below: 3)]
        let task = try TaskInference(table: table, wishes: .init(isClass: isClass, seed: 3)).task
        #expect(task.samples.allSatisfy { $0.inputs.allSatisfy(\.isFinite) })
      } catch {
        #expect(error.description.hasPrefix("spoilt.csv") && !error.message.isEmpty, "\(error)")
      }
    }
  }
}
