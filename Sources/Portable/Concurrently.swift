import Dispatch
import Synchronization

/// Does independent pieces of work on all cores and gives their results in order; what a piece
/// throws first is thrown when all are done.
///
/// - Parameters:
///   - count: the number of pieces.
///   - body: does the piece of an index, on any thread.
/// - Returns: the results, in the order of the indices.
/// - Throws: what a piece threw first.
package func concurrently<Result: Sendable>(
  _ count: Int, _ body: @Sendable (Int) throws -> Result
) throws -> [Result] {
  let outcomes = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
  DispatchQueue.concurrentPerform(iterations: count) { index in
    let outcome = Swift.Result { try body(index) }
    outcomes.withLock { $0[index] = outcome }
  }
  return try (0..<count).map { index in try outcomes.withLock { $0[index]! }.get() }
}
