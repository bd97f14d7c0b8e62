import Foundation
package import Portable
import Storage

/// Keeps a run on disk while it trains: its measures line by line, its checkpoint every few
/// seconds.
///
/// What cannot be written, on a full disk say, does not end the run: it goes on in memory, this
/// says so once, tries again with every checkpoint, and says when all is written.
package final class RunKeeper {
  private let directory: RunDirectory
  private let files: MetricsFiles
  private let telling: (String) -> Void
  private let clock: () -> Int64
  private var flushed: Int64
  private var kept: Int64
  /// Why what is on disk is behind what was learned; `nil` when it is not.
  package private(set) var failure: RunDirectoryError?

  /// How often a checkpoint is written, ns: little is lost to a power cut, and a card lives long.
  static let interval: Int64 = 5_000_000_000
  /// How long a line of the measures may wait, ns: fast runs write many at a time.
  static let patience: Int64 = 50_000_000

  /// Makes a keeper for a run.
  ///
  /// - Parameters:
  ///   - directory: the run's folder.
  ///   - epoch: the epoch of the checkpoint that the run goes on from; `nil` where there are no
  ///     measures yet.
  ///   - isOnItsWay: whether it is a new run, whose files have their temporary names until it
  ///     begins.
  ///   - telling: is given what the user should know, a sentence at a time.
  ///   - clock: the time by a clock that never goes back, ns.
  /// - Throws: `RunDirectoryError` when the files of the measures cannot be opened.
  package init(
    _ directory: RunDirectory, after epoch: Int?, isOnItsWay: Bool = false,
    telling: @escaping (String) -> Void,
    clock: @escaping () -> Int64 = monotonicTime
  ) throws(RunDirectoryError) {
    self.directory = directory
    self.telling = telling
    self.clock = clock
    do throws(StorageError) {
      files = try MetricsFiles(in: directory, after: epoch, isOnItsWay: isOnItsWay)
    } catch {
      throw RunDirectoryError(error)
    }
    flushed = clock()
    kept = flushed
    if let gap = files.gap { telling(gap) }
  }

  /// Begins a new run: its first files are written under their temporary names, and the claim gives
  /// them their own. A full disk is still reported at once here.
  ///
  /// - Parameters:
  ///   - claim: the run's claim on its folder.
  ///   - setting: the run's setting.
  ///   - checkpoint: its first checkpoint.
  ///   - others: the names of files that are under way beside those.
  /// - Throws: `RunDirectoryError`; a run that was there still is, unless the disk failed in
  ///   between.
  package func begin(
    _ claim: RunClaim, setting: some Encodable, checkpoint: some Encodable, with others: [String]
  ) throws(RunDirectoryError) {
    let data = try directory.encoded(checkpoint, for: "checkpoint.json")
    do throws(StorageError) {
      try files.synchronize()
      try WholeFile.prepare(data, for: "checkpoint.json", in: directory.path)
    } catch {
      throw RunDirectoryError(error)
    }
    try claim.begin(setting, with: others + Metrics.files + ["checkpoint.json"])
    files.arrive(in: directory)
    kept = clock()
    flushed = kept
  }

  /// Adds the measures of an epoch.
  package func add(_ record: EpochRecord) {
    files.add(record)
    flush(at: clock())
  }

  /// Whether the next checkpoint is due. Asked often, it also has lines written that wait.
  package var isDue: Bool {
    let now = clock()
    flush(at: now)
    return now - kept >= RunKeeper.interval
  }

  private func flush(at now: Int64) {
    // On a full disk every line would be tried in vain: the next checkpoint tries again.
    guard failure == nil, files.pendingCount > 0,
      now - flushed >= RunKeeper.patience || files.pendingCount >= 1 << 16
    else { return }
    flushed = now
    do throws(StorageError) { try files.flush() } catch { note(RunDirectoryError(error)) }
  }

  /// Writes a checkpoint, and the measures up to it first: a run that goes on from it needs those
  /// lines.
  package func keep(_ checkpoint: some Encodable) {
    do throws(RunDirectoryError) {
      do throws(StorageError) { try files.synchronize() } catch { throw RunDirectoryError(error) }
      try directory.write(checkpoint, to: "checkpoint.json")
      if failure != nil { telling("all is written again") }
      failure = nil
    } catch {
      note(error)
    }
    kept = clock()
    flushed = kept
  }

  private func note(_ error: RunDirectoryError) {
    if failure == nil {
      telling("\(error); the run goes on in memory, and what waits is tried again")
    }
    failure = error
  }
}
