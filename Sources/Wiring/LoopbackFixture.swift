package import Firmware

extension BoardWiring {
  /// The output that the loopback fixture joins to MISO, through 10 kohm: A0 of a board with chains, the
  /// charge line of the first edge of one that is wired directly. It may stay fitted: whatever chip is
  /// selected overrides it, and while one is, this output does not change. (MOSI would not do: a chain that
  /// nobody answers for would seem to bring back what is sent.) Nothing follows the output while no chip is
  /// selected and LEARN is off.
  package var loopback: LineSet { kind == .chains ? LineSet(line: 6) : edgeLine(0, 2) }
}
