import Synchronization

/// A trace that is written as it happens, some kilobytes at a time: memory is bounded, and what was
/// written can be read after the program was killed.
public final class TraceStream: Sendable, Equatable {
  /// Takes whole lines; it decides what becomes of them.
  public typealias Sink = @Sendable (String) -> Void

  private struct State {
    var text: String
    var wave: Waveform?
  }

  private let state: Mutex<State>
  private let calls: Sink
  private let waves: Sink

  /// How much is collected, bytes.
  private static let room = 4096

  /// Begins a trace.
  ///
  /// - Parameters:
  ///   - calls: takes the log's text.
  ///   - wave: a dump of the same, if one is wanted.
  ///   - waves: takes the dump's text.
  public init(
    calls: @escaping Sink, wave: Waveform? = nil, waves: @escaping Sink = { _ in }
  ) {
    self.calls = calls
    self.waves = waves
    state = Mutex(State(text: Trace.header, wave: wave))
    flush()
  }

  func add(_ event: Trace.Event) {
    state.withLock { state in
      state.text += event.line
      state.wave?.add(event)
      if state.text.utf8.count >= TraceStream.room { write(&state) }
    }
  }

  func add(_ values: Trace.Analog) {
    state.withLock { $0.wave?.add(values) }
  }

  /// Writes what was collected.
  ///
  /// - Parameter isEnd: whether nothing more comes.
  public func flush(isEnd: Bool = false) {
    state.withLock { write(&$0, isEnd: isEnd) }
  }

  private func write(_ state: inout State, isEnd: Bool = false) {
    if !state.text.isEmpty { calls(state.text) }
    state.text = ""
    if let text = state.wave?.take(isEnd: isEnd), !text.isEmpty { waves(text) }
  }

  /// Whether two are one and the same.
  public static func == (one: TraceStream, other: TraceStream) -> Bool { one === other }
}
