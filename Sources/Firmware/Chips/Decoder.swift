/// Selecting a chip: through a 74HC138 decoder, or by a line of its own where edges are wired straight to
/// lines.
extension BoardWiring {
  /// Selects a chip. With a decoder the address is set while it is disabled, then it is enabled:
  /// changing an enabled address would select other chips for a moment.
  @inlinable
  func select<L: Lines & ~Copyable>(_ number: UInt8, on lines: inout L) throws(L.Failure) {
    switch kind {
    case .chains:
      try lines.write(addressLevels(number), mask: address)
      try lines.write(enable, mask: enable)
    case .direct:
      try lines.write(.none, mask: selectLine(number))
    }
  }

  /// Deselects a chip and takes the clock low.
  @inlinable
  func deselect<L: Lines & ~Copyable>(_ number: UInt8, on lines: inout L) throws(L.Failure) {
    switch kind {
    case .chains:
      try lines.write(.none, mask: enable | clock)
    case .direct:
      try lines.write(selectLine(number), mask: selectLine(number) | clock)
    }
  }
}
