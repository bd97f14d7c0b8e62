public import Foundation

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>, Int) -> Int32
) -> Int32

@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int, _ limit: Int) -> Int

/// What inputs are, and so how most of them are mutated.
public enum InputKind {
  /// JSON, which stays JSON.
  case json
  /// Lines of words.
  case text
  /// Bytes, mutated as the fuzzer does.
  case bytes
}

nonisolated(unsafe) private var target: (Data) -> Void = { _ in }
nonisolated(unsafe) private var kind = InputKind.json

/// Runs libFuzzer on a target, or, with `--seeds FOLDER` as arguments, writes the target's seeds.
///
/// - Parameters:
///   - inputs: what inputs are.
///   - seeds: valid inputs by name.
///   - body: is given an input; a trap, a signal or a time too long is a finding.
/// - Throws: what `seeds` throws, and what keeps their files from being written.
public func fuzz(
  _ inputs: InputKind = .json, seeds: () throws -> [String: Data],
  _ body: @escaping (Data) -> Void
) throws {
  kind = inputs
  let words = CommandLine.arguments
  if words.count == 3, words[1] == "--seeds" {
    for (name, data) in try seeds() {
      try data.write(to: URL(fileURLWithPath: words[2]).appendingPathComponent(name))
    }
    return
  }
  target = body
  var count = CommandLine.argc
  var arguments = CommandLine.unsafeArgv
  atexit { print("\(tried) inputs; accepted ones were used \(used) times") }
  exit(
    runDriver(&count, &arguments) { bytes, count in
      tried += 1
      let before = used
      target(Data(bytes: bytes, count: count))
      // Mutations of what is refused are mostly refused: only what is used is mutated further.
      return used > before ? 0 : -1
    })
}

nonisolated(unsafe) private var tried = 0
nonisolated(unsafe) private var used = 0

/// Counts an input that was not refused: a fuzzer most of whose inputs are refused finds little.
public func countUse() { used += 1 }

/// The mutations: seven of eight are of the kind that inputs are, the others the fuzzer's own.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ bytes: UnsafeMutablePointer<UInt8>, _ size: Int, _ limit: Int, _ seed: UInt32
) -> Int {
  var random = SmallRandom(state: UInt64(seed) &* 2 &+ 1)
  if kind != .bytes, random.next(below: 8) > 0 {
    var text = Array(UnsafeBufferPointer(start: bytes, count: size))
    var changed = false
    for _ in 0...random.next(below: 3) {
      let next =
        kind == .json
        ? JSONMutation.mutate(text, &random) : LineMutation.mutate(text, &random)
      if let next, !next.isEmpty, next.count <= limit {
        text = next
        changed = true
      }
    }
    if changed {
      for (index, byte) in text.enumerated() { bytes[index] = byte }
      return text.count
    }
  }
  return mutateBytes(bytes, size, limit)
}
