import Files
import Foundation
import FuzzSupport

/// Board, task and rig files: whatever the bytes, each reader answers or refuses with words; what is
/// accepted passes its own checks, and reads back equal once it is written.
@main struct Main {
  static func main() throws {
    func seeds() throws -> [String: Data] {
      var seeds: [String: Data] = [:]
      for folder in ["board", "task", "rig"] {
        let folder = root.appendingPathComponent(folder)
        for file in try FileManager.default.contentsOfDirectory(
          at: folder, includingPropertiesForKeys: nil) where file.pathExtension == "yaml"
        {
          seeds[folder.lastPathComponent + "-" + file.lastPathComponent] = try Data(
            contentsOf: file)
        }
      }
      return seeds
    }
    try fuzz(.text, seeds: seeds) { data in
      let text = String(decoding: data, as: UTF8.self)
      func file(_ folder: String) -> String {
        root.appendingPathComponent(folder).appendingPathComponent("fuzzed.yaml").path
      }
      do throws(DescriptionError) {
        check(try BoardDescription.read(text: text, file: file("board")))
      } catch { expectWords(error) }
      do throws(DescriptionError) {
        check(try TaskDescription.read(text: text, file: file("task")))
      } catch { expectWords(error) }
      do throws(DescriptionError) {
        let rig = try RigDescription.read(text: text, file: file("rig"))
        check(rig.board)
        for task in rig.tasks { check(task.task) }
      } catch { expectWords(error) }
    }
  }

  private static func expectWords(_ error: DescriptionError) {
    if error.message.isEmpty { fatalError("a file is refused without words") }
  }

  private static func check(_ board: BoardDescription) {
    countUse()
    do throws(DescriptionError) {
      try board.check()
      let text = board.yaml()
      if try BoardDescription.read(text: text, file: "board.yaml") != board {
        fatalError("a board file says another board:\n\(text)")
      }
    } catch {
      fatalError("a board is refused that was accepted: \(error)")
    }
  }

  private static func check(_ task: TaskDescription) {
    countUse()
    do {
      try task.check()
      if try JSONDecoder().decode(TaskDescription.self, from: json(task)) != task {
        fatalError("a task reads back as another")
      }
    } catch {
      fatalError("a task is refused that was accepted: \(error)")
    }
  }
}
