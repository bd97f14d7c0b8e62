/// Why a connection ends: what came or did not come, and what is allowed.
struct Refusal: Error, Equatable {
  /// In words, without a full stop.
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// Lets through the first ten, then only those whose number is a power of two, so that a peer that
/// connects without end does not fill a disk with messages about it.
struct Sparing {
  /// How many there were.
  private(set) var count = 0

  /// Counts one more.
  /// - Returns: the message, or `nil` for none.
  mutating func line(_ text: String) -> String? {
    count += 1
    if count <= 10 { return text }
    guard count & (count - 1) == 0 else { return nil }
    return "\(text) (number \(count) of this kind; most are not shown)"
  }
}
