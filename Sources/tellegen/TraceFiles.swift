import Runs
import Storage
import Traces

/// The files that a trace is written to as it happens.
///
/// Those of a run to come are written under temporary names, so that they do not touch the run that a folder
/// still holds, and get their own when the new run begins.
final class TraceFiles: Sendable {
  /// The trace.
  let stream: TraceStream
  /// The names that the files get when the run begins.
  let names: [String]
  private let files: [TraceFile]

  /// Ends the trace.
  ///
  /// - Returns: why one of its files ends before it does; `nil` where none does.
  func finish() -> StorageError? {
    stream.flush(isEnd: true)
    for file in files { file.finish() }
    return files.lazy.compactMap(\.failure).first
  }

  /// Begins a trace in a folder.
  ///
  /// - Parameters:
  ///   - directory: the folder.
  ///   - wave: a dump of the same, if one is wanted.
  ///   - name: what the files are called, but for their endings.
  ///   - isOnItsWay: whether the folder's run is still to come.
  /// - Throws: `RunDirectoryError` when the files cannot be made.
  init(
    in directory: RunDirectory, wave: Waveform?, name: String = "trace", isOnItsWay: Bool = true
  ) throws(RunDirectoryError) {
    func file(_ name: String) throws(RunDirectoryError) -> TraceFile {
      do throws(StorageError) {
        return try TraceFile(
          path: directory.file(isOnItsWay ? WholeFile.temporaryName(of: name) : name),
          name: directory.file(name))
      } catch {
        throw RunDirectoryError(error)
      }
    }
    names = ["\(name).txt"] + (wave == nil ? [] : ["\(name).vcd"])
    let calls = try file("\(name).txt")
    if let wave {
      let waves = try file("\(name).vcd")
      files = [calls, waves]
      stream = TraceStream(
        calls: { calls.append($0) }, wave: wave, waves: { waves.append($0) })
    } else {
      files = [calls]
      stream = TraceStream(calls: { calls.append($0) })
    }
  }
}
