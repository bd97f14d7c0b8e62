/// Why there is no plot, in words.
package struct NoPlot: Error, CustomStringConvertible {
  /// What is in the way, and what to do.
  package let description: String
}

/// The program that draws plots.
package enum Gnuplot {
  /// How long gnuplot may take, s. A plot takes a second; a display or a pipe that a user's own
  /// start-up file of gnuplot waits for would take forever.
  package static let limit = 60.0

  /// Draws a script, and waits for the plot at most so long.
  ///
  /// - Parameters:
  ///   - script: the script's name in its folder.
  ///   - folder: the folder.
  ///   - limit: the longest time, s.
  ///   - stopping: asked some fifty times a second; when it says so, gnuplot is ended.
  /// - Throws: `NoPlot` when there is none.
  package static func draw(
    _ script: String, in folder: String, within limit: Double = Gnuplot.limit,
    stopping: () -> Bool = { false }
  ) throws(NoPlot) {
    let ending = Tool.run(
      "CDPATH=; cd -P -- \"$1\" && exec gnuplot \"$2\"",
      [folder.hasPrefix("/") ? folder : "./" + folder, script], within: limit, stopping: stopping)
    let place = "the script is \(folder)/\(script)"
    switch ending {
    case .done: return
    case .notInstalled:
      throw NoPlot(
        description: "gnuplot is not installed (Debian package gnuplot-nox); \(place)")
    case .stopped: throw NoPlot(description: "interrupted")
    case .tooLong:
      throw NoPlot(description: "gnuplot took longer than \(Int(limit)) s; \(place)")
    case .failed(let complaint, nil):
      throw NoPlot(description: "gnuplot could not be started: \(complaint)")
    case .failed(let complaint, let status?):
      throw NoPlot(
        description: complaint.isEmpty
          ? "gnuplot failed and did not say why (wait status \(status))"
          : "gnuplot failed: \(complaint)")
    }
  }
}
