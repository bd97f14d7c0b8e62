import Description

extension BoardDescription {
  /// Reads a board given as a name in board/ or as a file.
  static func named(_ name: String) throws(DescriptionError) -> BoardDescription {
    try read(path: try locate(name, kind: .board))
  }
}

extension TaskDescription {
  /// Reads a task given as a name in task/ or as a file, with other data where some are given.
  static func named(_ name: String, data: String? = nil) throws(DescriptionError) -> TaskDescription
  {
    try read(path: try locate(name, kind: .task), data: data)
  }
}
