/// Edges wired straight to lines: comparators and drives without registers.
extension BoardWiring {
  /// Reads all comparators in one operation.
  @inlinable
  func readDirect<L: Lines & ~Copyable>(
    into comparisons: inout MutableSpan<Comparison>, on lines: inout L
  ) throws(L.Failure) {
    let levels = try lines.read(mask: inputs.without(dataIn))
    var edge = 0
    while edge < edgeCount && edge < comparisons.count {
      comparisons[unchecked: edge] = Comparison(
        a: levels.meets(edgeLine(edge, 0)), b: levels.meets(edgeLine(edge, 1)))
      edge = edge &+ 1
    }
  }

  /// Sets all drive lines in one operation; the buffers behind them are off until LEARN.
  @inlinable
  func setDirect<L: Lines & ~Copyable>(_ drives: Span<Drive>, on lines: inout L) throws(L.Failure) {
    var levels = LineSet.none
    var mask = LineSet.none
    var edge = 0
    while edge < edgeCount {
      let drive = edge < drives.count ? drives[unchecked: edge] : .hold
      mask = mask | edgeLine(edge, 2) | edgeLine(edge, 3)
      if drive == .charge { levels = levels | edgeLine(edge, 2) }
      if drive != .discharge { levels = levels | edgeLine(edge, 3) }
      edge = edge &+ 1
    }
    try lines.write(levels, mask: mask)
  }
}
