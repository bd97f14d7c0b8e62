import Files
import Foundation
import Testing

/// The message a board text is refused with, or nil if it is accepted.
func boardRefusal(_ text: String) -> String? {
  do {
    _ = try BoardDescription.read(text: text, file: "b.yaml")
    return nil
  } catch { return error.description }
}

/// The message a task text is refused with, or nil if it is accepted.
func taskRefusal(_ text: String, file: String = "t.yaml") -> String? {
  do {
    _ = try TaskDescription.read(text: text, file: file)
    return nil
  } catch { return error.description }
}

/// One text and what its refusal must begin with and contain.
struct Refusal: Sendable, CustomTestStringConvertible {
  let text: String
  let begins: String
  let contains: [String]

  init(_ text: String, _ begins: String, _ contains: String...) {
    self.text = text
    self.begins = begins
    self.contains = contains
  }

  var testDescription: String { begins }

  func matches(_ message: String?) -> Bool {
    guard let message else { return false }
    return message.hasPrefix(begins) && contains.allSatisfy { message.contains($0) }
  }
}

/// A new folder under the temporary one, removed after use.
func withFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("description-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path)
}

func save(_ text: String, _ path: String) throws {
  try Data(text.utf8).write(to: URL(fileURLWithPath: path))
}

/// The root of the package, in which `board` and `task` are.
let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
