import Files
import Foundation
import FuzzSupport
import Runs
import BoardDouble

/// setting.json: whatever is accepted must make a run that begins, on either face, or is refused
/// with words; and a board that is accepted is one that a board file can say.
@main struct Main {
  static func main() throws {
    try fuzz(seeds: { try settings().mapValues { json($0) } }) { data in
      guard let setting = accepted(RunSetting.self, data) else { return }
      let text = setting.board.yaml()
      do throws(DescriptionError) {
        let read = try BoardDescription.read(text: text, file: "board.yaml")
        if read != setting.board { fatalError("a board file says another board:\n\(text)") }
      } catch {
        fatalError("a board file is refused whose board was accepted: \(error)")
      }
      if let session = session(DirectBoard.self, setting) { use(session, begins: true) }
      if let session = session(PinBoard.self, setting) { use(session, begins: true) }
    }
  }
}
