import Foundation
import Learning

/// Shows a run's progress on standard error: a bar on a terminal, a line for every tenth when piped.
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
    FileHandle.standardError.write(Data(text.utf8))
  }
}

/// Numbers as a reader wants them.
enum Format {
  /// A mean square voltage, in mV^2 with three figures.
  static func squareVolts(_ value: Double) -> String { significant(value * 1e6) + " mV^2" }

  /// A share in percent with one decimal.
  static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

  /// A duration in s with three figures.
  static func seconds(_ value: Double) -> String { significant(value) + " s" }

  /// A number with three significant figures.
  static func significant(_ value: Double) -> String { String(format: "%.3g", value) }
}
