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
    live = Terminal.isThere
  }

  /// Shows where the run stands after an epoch.
  mutating func show(_ record: EpochRecord) {
    let part = Double(record.epoch) / Double(total)
    var measures = ["error \(Format.squareVolts(record.training.error))"]
    if let accuracy = record.all.accuracy { measures.append("right \(Format.percent(accuracy))") }
    if live {
      let now = Date()
      if now.timeIntervalSince(shownAt) < 0.1 && record.epoch < total { return }
      shownAt = now
      let texts = ["\(record.epoch)/\(total)"] + measures + [remaining(record.epoch)]
      Terminal.replaceLine(
        by: ProgressDisplay.line(
          part: part, texts: texts.filter { !$0.isEmpty }, room: Terminal.width - 1))
      if record.epoch >= total { put("\n") }
    } else {
      let tenth = record.epoch * 10 / total
      if tenth == shownTenth { return }
      shownTenth = tenth
      put("epoch \(record.epoch) of \(total): \(measures.joined(separator: "  "))\n")
    }
  }

  /// A bar and what it stands for, in so many characters: where there is little room the bar is
  /// shorter, then it goes, then the texts from the last on.
  static func line(part: Double, texts: [String], room: Int) -> String {
    var texts = texts[...]
    while texts.count > 1 && texts.joined(separator: "  ").count > room { texts.removeLast() }
    let text = texts.joined(separator: "  ")
    let length = min(30, room - text.count - 3)
    if length < 5 { return String(text.prefix(max(room, 0))) }
    let filled = Int(part * Double(length))
    return "[" + String(repeating: "#", count: filled)
      + String(repeating: "-", count: length - filled) + "] " + text
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

/// Counts finished pieces of work on standard error, from any thread: at most ten times a second on a terminal, in
/// some ten lines when piped.
final class CountDisplay: Sendable {
  private let total: Int
  private let what: String
  private let done = Mutex((count: 0, shownAt: Date.distantPast))

  init(total: Int, what: String) {
    self.total = total
    self.what = what
  }

  func advance() {
    done.withLock { done in
      done.count += 1
      let line = "\(done.count) of \(total) \(what)"
      if Terminal.isThere {
        let now = Date()
        if now.timeIntervalSince(done.shownAt) < 0.1 && done.count < total { return }
        done.shownAt = now
        Terminal.replaceLine(by: line)
      } else if done.count == total || done.count % max(5, total / 10) == 0 {
        Console.say(line + "\n")
      }
    }
  }

  func end() {
    if Terminal.isThere { Terminal.replaceLine(by: "") }
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
