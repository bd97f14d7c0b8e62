import Files

extension BoardDescription {
  /// A board of this repository.
  static func shipped(_ name: String) throws(DescriptionError) -> BoardDescription {
    try .read(path: try locate(name, kind: .board))
  }
}

extension TaskDescription {
  /// A task of this repository.
  static func shipped(_ name: String) throws(DescriptionError) -> TaskDescription {
    try .read(path: try locate(name, kind: .task))
  }

  /// The path of a table of this repository, found beside the task files.
  static func shippedTable(_ name: String) throws(DescriptionError) -> String {
    let parts = try locate("iris", kind: .task).split(
      separator: "/", omittingEmptySubsequences: false)
    return (parts.dropLast(2) + ["data", "\(name)", "\(name).csv"]).joined(separator: "/")
  }

  /// Eight points on a circle in the plane of two inputs, two classes by the upper and the lower
  /// half.
  ///
  /// - Parameter diameter: of the circle, V.
  /// - Returns: the task.
  /// - Throws: `DescriptionError` when its file cannot be read.
  static func circle(diameter: Double) throws(DescriptionError) -> TaskDescription {
    var circle = try shipped("circle")
    // The file's circle has the diameter 0.25 V about the middle of the node range.
    for sample in circle.samples.indices {
      for input in 0..<2 {
        let volts = circle.samples[sample].inputs[input]
        circle.samples[sample].inputs[input] = 0.2265 + (volts - 0.2265) * diameter / 0.25
      }
    }
    return circle
  }

  /// The task of two classes as one of labels, so many volts to either side of zero.
  func labelled(volts: Double) -> TaskDescription {
    var labelled = self
    labelled.samples = samples.map {
      Sample(inputs: $0.inputs, labels: [$0.category == 0 ? -volts : volts])
    }
    labelled.classes = []
    labelled.objective = .squaredError
    return labelled
  }
}

extension RigDescription {
  /// A measured rig of this repository.
  static func shipped(_ name: String) throws -> RigDescription {
    try .read(path: try locate(name, kind: .rig))
  }
}
