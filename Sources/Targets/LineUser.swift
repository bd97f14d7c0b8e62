package import Firmware

/// Something to do with a board's lines themselves, below its drivers.
package protocol LineUser {
  /// Does it; the lines must stand at rest at the end.
  /// - Throws: what the lines throw.
  mutating func use<L: Lines & ~Copyable>(
    _ lines: inout L, _ wiring: BoardWiring
  ) throws(L.Failure)
}

extension WiredBoard where L: ~Copyable {
  /// Lends the lines. What the converters stand at is unknown afterwards: they are set anew.
  ///
  /// - Parameter user: uses them.
  /// - Returns: whether it was done; a serial controller's lines cannot be lent.
  /// - Throws: what the lines throw.
  package mutating func lend<User: LineUser>(to user: inout User) throws(Failure) -> Bool {
    if lines.controller != nil { return false }
    do throws(L.Failure) { try user.use(&lines, wiring) } catch { throw .lines(error) }
    for source in 0..<wiring.sourceCount { sourceCodes[source] = -1 }
    try releaseAll()
    return true
  }
}
