import Foundation
import Reproducible
import Testing

@testable import Description

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
}
