import Storage

/// What results other than a training run's are made of, and which files they are: the `setting.json`
/// of their folder.
public struct ResultSetting<Content: Codable & Sendable>: Sendable, Codable {
  /// The program's version that made them.
  public var version: String
  /// The command that made them.
  public var command: String
  /// What it was asked.
  public var content: Content
  /// The names of all files that the folder may have.
  public var files: [String]

  /// Makes a setting.
  ///
  /// - Parameters:
  ///   - version: the program's version.
  ///   - command: the command.
  ///   - content: what it was asked.
  ///   - results: the names of the files with results; the setting's own and the lock's are added.
  public init(version: String, command: String, content: Content, results: [String]) {
    self.version = version
    self.command = command
    self.content = content
    files = [RunDirectory.setting, FolderLock.name] + results
  }
}
