import Foundation
import Reports
import Runs
import Synchronization

/// Shows a run's progress on standard error: a bar on a terminal, a line for every tenth when
/// piped.
struct ProgressDisplay {
  private let total: Int
  private let live: Bool
  private let started = Date()
  private var shownTenth = -1
  private var shownAt = Date.distantPast
  private let startedFrom: Int

  init(total: Int, from: Int) {
    self.total = max(total, 1)
    startedFrom = from
    live = isatty(2) != 0
  }

  /// Shows where the run stands after an epoch.
  mutating func show(_ record: EpochRecord) {
    let part = Double(record.epoch) / Double(total)
    var measures = "error \(Format.squareVolts(record.training.error))"
    if let accuracy = record.all.accuracy { measures += "  right \(Format.percent(accuracy))" }
    if live {
      let now = Date()
      if now.timeIntervalSince(shownAt) < 0.1 && record.epoch < total { return }
      shownAt = now
      let filled = Int(part * 30)
      let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 30 - filled)
      put("\r[\(bar)] \(record.epoch)/\(total)  \(measures)  \(remaining(record.epoch))\u{1b}[K")
      if record.epoch >= total { put("\n") }
    } else {
      let tenth = record.epoch * 10 / total
      if tenth == shownTenth { return }
      shownTenth = tenth
      put("epoch \(record.epoch) of \(total): \(measures)\n")
    }
  }

  /// Ends the line of an unfinished bar.
  func stop() {
    if live { put("\n") }
  }

  private func remaining(_ epoch: Int) -> String {
    let done = epoch - startedFrom
    if done <= 0 { return "" }
    let seconds = Date().timeIntervalSince(started) / Double(done) * Double(total - epoch)
    return "\(Int(seconds.rounded(.up))) s left"
  }

  private func put(_ text: String) {
    Console.say(text)
  }
}

/// Counts finished pieces of work on standard error, from any thread.
final class CountDisplay: Sendable {
  private let total: Int
  private let what: String
  private let done = Mutex(0)

  init(total: Int, what: String) {
    self.total = total
    self.what = what
  }

  func advance() {
    done.withLock { done in
      done += 1
      let line = "\(done) of \(total) \(what)"
      let text = isatty(2) != 0 ? "\r" + line : done == total || done % 5 == 0 ? line + "\n" : ""
      Console.say(text)
    }
  }

  func end() {
    if isatty(2) != 0 { Console.say("\r\u{1b}[K") }
  }
}

/// Draws a script of a folder.
///
/// - Parameters:
///   - name: the name of script and plot, without their endings.
///   - directory: the folder.
/// - Returns: where the plot is, or why there is none, in a sentence.
func plotted(_ name: String, in directory: RunDirectory) -> String {
  do throws(NoPlot) {
    try Gnuplot.draw(name + ".gp", in: directory.path, stopping: { Interruption.isAsked })
    return "Drawn in \(directory.file(name + ".png"))."
  } catch {
    return "No plot: \(error)"
  }
}
