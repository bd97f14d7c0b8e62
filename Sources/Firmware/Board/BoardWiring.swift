/// One channel of a converter chip: which select line and which of the chip's channels.
public struct ConverterChannel: Sendable, Equatable {
  /// The number of the chip's select.
  public var select: UInt8
  /// The channel: 0 or 1 (A or B) of an MCP4922, 0 ... 7 of an MCP3208.
  public var channel: UInt8

  /// A source without a converter: wired to a rail, it cannot be driven.
  @inlinable
  public static var rail: ConverterChannel { ConverterChannel(select: 255, channel: 0) }

  /// Makes a channel.
  @inlinable
  public init(select: UInt8, channel: UInt8) {
    self.select = select
    self.channel = channel
  }
}

/// How a board hangs on its lines, as the drivers need it.
///
/// Lines are numbered in one order. With chains: SCLK, MOSI, MISO, LATCH, LOAD, LEARN, A0, A1, A2,
/// ENABLE. Direct: SCLK, MOSI, MISO, LEARN, one CS a chip, then A, B, charge, discharge of each
/// edge.
public struct BoardWiring: Sendable {
  /// The two ways to wire the edges.
  public enum Kind: Sendable {
    /// Shift registers carry comparators and drives; a 74HC138 decoder selects chips.
    case chains
    /// Every comparator and drive has a line; every chip has a select line.
    case direct
  }

  /// How edges are wired.
  public var kind: Kind
  /// The number of selects.
  public var selectCount: UInt8
  /// The select of the shift registers; with direct wiring unused.
  public var chainSelect: UInt8
  /// The converter channel of each source; the first `sourceCount` count.
  public var sources: InlineArray<32, ConverterChannel>
  /// The number of sources, at most 32.
  public var sourceCount: Int
  /// The converter channel of each target's clamp; the first `targetCount` count.
  public var clamps: InlineArray<32, ConverterChannel>
  /// The converter channel of each target's measurement; the first `targetCount` count.
  public var targets: InlineArray<32, ConverterChannel>
  /// The number of targets, at most 32.
  public var targetCount: Int
  /// The chips of sources and clamps.
  public var outputChip = ConverterChip.mcp4922
  /// The chips that measure targets.
  public var inputChip = ConverterChip.mcp3208
  /// The edge at each position of the chain, position 0 nearest to MISO.
  public var chain: InlineArray<512, UInt16>
  /// The number of learning edges, at most 512 in chains, 14 direct.
  public var edgeCount: Int
  /// All converters' transfer: 12 bits.
  public var converter: Converter
  /// How long node voltages and averages take to settle.
  public var settle: Nanoseconds
  /// The longest pulse that the one-shot lets through.
  public var timer: Nanoseconds
  /// The off time that the one-shot needs after a long pulse.
  public var rest: Nanoseconds
  /// How long a conversion may take from its sample before the held charge has leaked.
  public var longestFrame: Nanoseconds

  /// A wiring without channels and edges, to be filled in.
  @inlinable
  public init(
    kind: Kind, selectCount: UInt8, chainSelect: UInt8, converter: Converter, settle: Nanoseconds,
    timer: Nanoseconds, rest: Nanoseconds
  ) {
    self.kind = kind
    self.selectCount = selectCount
    self.chainSelect = chainSelect
    let nowhere = ConverterChannel(select: 0, channel: 0)
    sources = InlineArray(repeating: nowhere)
    sourceCount = 0
    clamps = InlineArray(repeating: nowhere)
    targets = InlineArray(repeating: nowhere)
    targetCount = 0
    chain = InlineArray(repeating: 0)
    edgeCount = 0
    self.converter = converter
    self.settle = settle
    self.timer = timer
    self.rest = rest
    longestFrame = .microseconds(1200)
  }

  /// The serial clock.
  @inlinable public var clock: LineSet { LineSet(line: 0) }
  /// Data to the chips.
  @inlinable public var dataOut: LineSet { LineSet(line: 1) }
  /// Data from the chips.
  @inlinable public var dataIn: LineSet { LineSet(line: 2) }
  /// The drive registers' latch; rising.
  @inlinable public var latch: LineSet { kind == .chains ? LineSet(line: 3) : .none }
  /// The comparator registers' parallel load; low.
  @inlinable public var load: LineSet { kind == .chains ? LineSet(line: 4) : .none }
  /// Learning on, through the one-shot.
  @inlinable public var learn: LineSet { LineSet(line: kind == .chains ? 5 : 3) }
  /// The decoder's three address lines.
  @inlinable public var address: LineSet {
    kind == .chains ? LineSet(line: 6) | LineSet(line: 7) | LineSet(line: 8) : .none
  }
  /// The decoder's enable.
  @inlinable public var enable: LineSet { kind == .chains ? LineSet(line: 9) : .none }

  /// The levels of the address lines for a select.
  @inlinable
  public func addressLevels(_ select: UInt8) -> LineSet {
    var levels = LineSet.none
    if select & 1 != 0 { levels = levels | LineSet(line: 6) }
    if select & 2 != 0 { levels = levels | LineSet(line: 7) }
    if select & 4 != 0 { levels = levels | LineSet(line: 8) }
    return levels
  }

  /// The select line of a chip, direct wiring; low selects.
  @inlinable
  public func selectLine(_ select: UInt8) -> LineSet { LineSet(line: Wide.index(select) &+ 4) }

  /// One of the four lines of an edge, direct wiring: 0 comparator A, 1 comparator B, 2 charge,
  /// 3 discharge.
  @inlinable
  public func edgeLine(_ edge: Int, _ which: Int) -> LineSet {
    LineSet(line: 4 &+ Wide.index(selectCount) &+ 4 &* edge &+ which)
  }

  /// The number of bits in either chain: two for each edge, in whole registers of eight.
  @inlinable
  public var chainBits: Int { (2 &* edgeCount &+ 7) & ~7 }

  /// The select lines of all chips, direct wiring; none with a decoder.
  @inlinable
  public var selectLines: LineSet {
    var lines = LineSet.none
    var select: UInt8 = 0
    while kind == .direct && select < selectCount {
      lines = lines | selectLine(select)
      select = select &+ 1
    }
    return lines
  }

  /// One of the four lines, as `edgeLine` numbers them, of all edges; none with chains.
  @inlinable
  public func edgeLines(_ which: Int) -> LineSet {
    var lines = LineSet.none
    var edge = 0
    while kind == .direct && edge < edgeCount {
      lines = lines | edgeLine(edge, which)
      edge = edge &+ 1
    }
    return lines
  }

  /// The lines that are outputs.
  @inlinable
  public var outputs: LineSet {
    let chips = clock | dataOut | latch | load | learn | address | enable
    return chips | selectLines | edgeLines(2) | edgeLines(3)
  }

  /// The levels of the outputs at rest: nothing selected, LEARN off, every drive holding.
  @inlinable
  public var idle: LineSet { load | selectLines | edgeLines(3) }

  /// The lines that are inputs.
  @inlinable
  public var inputs: LineSet { dataIn | edgeLines(0) | edgeLines(1) }
}
