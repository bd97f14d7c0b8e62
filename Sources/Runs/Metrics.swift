import Foundation
import Reports
import Storage

/// A run's measures on disk, a line an epoch, in two files that only grow: `metrics.jsonl` for
/// programs and `curves.csv` for plots and tables. Both may be read while the run goes on.
///
/// Columns and keys carry their units. What a task does not have is empty in one and missing in the
/// other.
package enum Metrics {
  /// The file of JSON lines.
  package static let jsonLines = "metrics.jsonl"
  /// The file of comma-separated values.
  package static let csv = "curves.csv"
  /// Both files.
  static let files = [jsonLines, csv]

  /// The columns: a name with its unit, and the value.
  private static let columns: [(name: String, value: @Sendable (EpochRecord) -> Double?)] = [
    ("error_train_V2", { $0.training.error }),
    ("error_test_V2", { $0.testing?.error }),
    ("error_all_V2", { $0.all.error }),
    ("accuracy_train", { $0.training.accuracy }),
    ("accuracy_test", { $0.testing?.accuracy }),
    ("accuracy_all", { $0.all.accuracy }),
    ("unmet_train", { $0.training.unmet }),
    ("unmet_test", { $0.testing?.unmet }),
  ]

  /// The first line of the CSV file.
  package static let header = CSV(["epoch", "learned_s", "pulses"] + columns.map(\.name)).text

  /// A record as a line of the CSV file.
  package static func row(_ record: EpochRecord) -> String {
    CSV.line(
      [.count(record.epoch), .number(record.learned), .count(record.pulses)]
        + columns.map { .number($0.value(record)) })
  }

  /// A record as a line of the JSON file.
  package static func line(_ record: EpochRecord) -> String {
    // As in the other file, what is not finite is not written: JSON has no word for it.
    let numbers = columns.compactMap { column in
      column.value(record).flatMap { $0.isFinite ? "\"\(column.name)\":\($0)" : nil }
    }
    return "{\"epoch\":\(record.epoch),\"learned_s\":\(record.learned),"
      + "\"pulses\":\(record.pulses),\(numbers.joined(separator: ","))}\n"
  }

  /// The epoch of a line of either file; `nil` for the header, or what is no line of these files.
  static func epoch(of line: String) -> Int? {
    let json = "{\"epoch\":"
    let number = line.hasPrefix(json) ? line.dropFirst(json.count) : line[...]
    return number.firstIndex(of: ",").flatMap { Int(number[..<$0]) }
  }
}

/// The measures of a run, written line by line while it trains.
final class MetricsFiles {
  private let json: AppendedFile
  private let csv: AppendedFile
  /// What is missing between the last lines that were there and those that come, in words.
  let gap: String?

  /// Opens the files.
  ///
  /// - Parameters:
  ///   - directory: the run's folder.
  ///   - epoch: the epoch of the last line that stays: later ones are written again; `nil` starts
  ///     new files.
  ///   - isOnItsWay: whether the files have their temporary names yet.
  /// - Throws: `StorageError`.
  init(in directory: RunDirectory, after epoch: Int?, isOnItsWay: Bool) throws(StorageError) {
    var gaps: [String] = []
    func open(_ name: String) throws(StorageError) -> AppendedFile {
      let path = directory.file(isOnItsWay ? WholeFile.temporaryName(of: name) : name)
      guard let epoch else { return try AppendedFile(path: path) }
      let kept = try AppendedFile.lastLine(of: path) {
        Metrics.epoch(of: $0).map { $0 <= epoch } ?? false
      }
      let last = kept.flatMap { Metrics.epoch(of: $0.line) }
      if last != epoch {
        gaps.append(
          "\(path): the lines \(last.map { "after epoch \($0)" } ?? "from the beginning") up to "
            + "epoch \(epoch) are lost; it goes on with a gap")
      }
      return try AppendedFile(path: path, keeping: kept?.length ?? 0)
    }
    json = try open(Metrics.jsonLines)
    csv = try open(Metrics.csv)
    gap = gaps.isEmpty ? nil : gaps.joined(separator: "; ")
    if csv.length == 0 { csv.append(Metrics.header) }
  }

  /// The files have their names.
  func arrive(in directory: RunDirectory) {
    json.path = directory.file(Metrics.jsonLines)
    csv.path = directory.file(Metrics.csv)
  }

  /// Adds a record.
  func add(_ record: EpochRecord) {
    json.append(Metrics.line(record))
    csv.append(Metrics.row(record))
  }

  /// How much waits to be written, bytes.
  var pendingCount: Int { json.pendingCount + csv.pendingCount }

  /// Writes what waits; readers see it from now on.
  func flush() throws(StorageError) {
    try json.flush()
    try csv.flush()
  }

  /// Writes what waits and makes it last through a power cut.
  func synchronize() throws(StorageError) {
    try json.synchronize()
    try csv.synchronize()
  }
}
