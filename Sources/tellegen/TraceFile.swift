import Storage
import Synchronization

/// A file of a trace's lines. When the disk is full it ends where it was full: a trace with a gap
/// would replay as another run.
final class TraceFile: Sendable {
  private struct State: ~Copyable {
    let file: AppendedFile
    var failure: StorageError?
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

  /// Why the file ends before its trace does; `nil` where it does not.
  var failure: StorageError? { state.withLock { $0.failure } }

  /// Makes what was written last through a power cut; whether that worked, `failure` says.
  func finish() {
    state.withLock { state in
      if state.failure != nil { return }
      do throws(StorageError) { try state.file.synchronize() } catch {
        state.failure = StorageError(path: name, number: error.number)
      }
    }
  }

  /// Writes lines.
  func append(_ lines: String) {
    state.withLock { state in
      if state.failure != nil { return }
      state.file.append(lines)
      do throws(StorageError) { try state.file.flush() } catch {
        state.failure = StorageError(path: name, number: error.number)
        say("tellegen: \(name): \(error.reason); it ends here, the run goes on")
      }
    }
  }
}
