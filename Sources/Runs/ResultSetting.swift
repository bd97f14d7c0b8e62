import Storage

/// What results other than a training run's are made of, and which files they are: the
/// `setting.json` of their folder.
package struct ResultSetting<Content: Codable & Sendable>: Sendable, Codable {
  /// The program's version that made them.
  package var version: String
  /// The command that made them.
  package var command: String
  /// What it was asked.
  package var content: Content
  /// The names of all files that the folder may have.
  package var files: [String]

  /// Makes a setting.
  ///
  /// - Parameters:
  ///   - version: the program's version.
  ///   - command: the command.
  ///   - content: what it was asked.
  ///   - results: the names of the files with results; the setting's own and the lock's are added.
  package init(version: String, command: String, content: Content, results: [String]) {
    self.version = version
    self.command = command
    self.content = content
    files = [RunDirectory.setting, FolderLock.name] + results
  }
}
