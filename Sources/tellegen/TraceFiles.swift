import Runs
import Storage
import Traces

/// The files that a trace is written to as it happens.
///
/// They come under temporary names, so that they do not touch the run that a folder still holds,
/// and get their own when the new run begins.
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
  /// - Throws: `RunDirectoryError` when the files cannot be made.
  init(in directory: RunDirectory, wave: Waveform?) throws(RunDirectoryError) {
    func file(_ name: String) throws(RunDirectoryError) -> TraceFile {
      do throws(StorageError) {
        return try TraceFile(
          path: directory.file(WholeFile.temporaryName(of: name)), name: directory.file(name))
      } catch {
        throw RunDirectoryError(error)
      }
    }
    names = ["trace.txt"] + (wave == nil ? [] : ["trace.vcd"])
    let calls = try file("trace.txt")
    if let wave {
      let waves = try file("trace.vcd")
      files = [calls, waves]
      stream = TraceStream(
        calls: { calls.append($0) }, wave: wave, waves: { waves.append($0) })
    } else {
      files = [calls]
      stream = TraceStream(calls: { calls.append($0) })
    }
  }
}
