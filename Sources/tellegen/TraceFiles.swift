import Learning
import Storage
import VirtualBoard

/// The files that a trace is written to as it happens.
///
/// They come under temporary names, so that they do not touch the run that a folder still holds, and
/// get their own when the new run begins.
final class TraceFiles: Sendable {
  /// The trace.
  let stream: TraceStream
  private let folder: String
  private let names: [String]

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
    folder = directory.path
    names = ["trace.txt"] + (wave == nil ? [] : ["trace.vcd"])
    let calls = try file("trace.txt")
    if let wave {
      let waves = try file("trace.vcd")
      stream = TraceStream(
        calls: { calls.append($0) }, wave: wave, waves: { waves.append($0) })
    } else {
      stream = TraceStream(calls: { calls.append($0) })
    }
  }

  /// Gives the files their names.
  /// - Throws: `RunDirectoryError`.
  func install() throws(RunDirectoryError) {
    do throws(StorageError) {
      for name in names { try WholeFile.install(name, in: folder) }
    } catch {
      throw RunDirectoryError(error)
    }
  }
}
