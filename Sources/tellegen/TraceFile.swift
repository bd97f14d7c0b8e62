import Storage
import Synchronization

/// A file of a trace's lines. When the disk is full it ends where it was full: a trace with a gap
/// would replay as another run.
final class TraceFile: Sendable {
  private struct State: ~Copyable {
    let file: AppendedFile
    var isEnded = false
  }

  private let state: Mutex<State>
  private let name: String

  /// Makes the file, empty.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - name: what messages call it; without one the user named the file, by its path.
  /// - Throws: `StorageError`.
  init(path: String, name: String? = nil) throws(StorageError) {
    self.name = name ?? path
    state = Mutex(State(file: try AppendedFile(path: path, following: name == nil)))
  }

  /// Writes lines.
  func append(_ lines: String) {
    state.withLock { state in
      if state.isEnded { return }
      state.file.append(lines)
      do throws(StorageError) { try state.file.flush() } catch {
        state.isEnded = true
        say("tellegen: \(name): \(error.reason); it ends here, the run goes on")
      }
    }
  }
}
