/// Why a board or task was refused.
public struct DescriptionError: Error, Sendable, Equatable, Codable {
  /// File as the user named it, or empty when nothing was read from a file.
  public var file: String
  /// Line in that file, counted from 1, or nil when the whole file is meant.
  public var line: Int?
  /// What is wrong, and what would be allowed.
  public var message: String

  /// Makes an error.
  public init(file: String = "", line: Int? = nil, message: String) {
    self.file = file
    self.line = line
    self.message = message
  }
}

extension DescriptionError: CustomStringConvertible {
  /// `file:line: message`, the form editors and terminals make clickable.
  public var description: String {
    if file.isEmpty { return message }
    if let line { return "\(file):\(line): \(message)" }
    return "\(file): \(message)"
  }
}
