public import Files
public import Firmware

/// Why a board cannot be driven through pins.
public enum WiringError: Error, Equatable, CustomStringConvertible {
  /// The board file has no wiring.
  case none(board: String)
  /// More of something than the drivers hold.
  case tooMany(what: String, count: Int, most: Int)
  /// The converters are switched to be ideal, which real parts are not.
  case idealConverters

  /// The error in words: what and what to do.
  public var description: String {
    switch self {
    case .none(let board):
      "the board '\(board)' has no wiring, so it has no pins: use its double direct, or add wiring"
    case .tooMany(let what, let count, let most):
      "the wiring has \(count) \(what); the drivers hold \(most)"
    case .idealConverters:
      "converters with 'quantise: false' have no codes to send through pins: use the board's "
        + "double direct"
    }
  }
}

extension BoardWiring {
  /// The wiring of a described board, as the drivers need it.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - sources: how many source channels are used.
  ///   - targets: how many target channels are used.
  /// - Throws: `WiringError` when the board has no wiring or is too large.
  public init(_ description: BoardDescription, sources: Int, targets: Int) throws(WiringError) {
    guard let wiring = description.wiring else { throw .none(board: description.name) }
    if !description.imperfections.quantise { throw .idealConverters }
    let edges = description.learningEdges.count
    func check(_ what: String, _ count: Int, _ most: Int) throws(WiringError) {
      if count > most { throw .tooMany(what: what, count: count, most: most) }
    }
    try check("source channels", sources, min(32, wiring.sources.count))
    try check("target channels", targets, min(32, wiring.targets.count))
    try check("clamps", targets, min(32, wiring.clamps.count))
    try check("learning edges", edges, 512)
    try check("lines", wiring.wires.count, 64)

    func channel(_ output: WiringDescription.Output) -> ConverterChannel {
      output.rail != nil
        ? .rail
        : ConverterChannel(select: UInt8(output.select), channel: UInt8(output.channel))
    }
    self.init(
      kind: wiring.kind == .chains ? .chains : .direct, selectCount: UInt8(wiring.selects.count),
      chainSelect: UInt8(wiring.selects.firstIndex(of: .chain) ?? 0),
      converter: Converter(
        bits: Int32(description.converters.bits),
        reference: Voltage(volts: description.converters.reference)),
      settle: Nanoseconds(seconds: description.timing.settle),
      timer: Nanoseconds(seconds: description.timing.pulseLimit),
      rest: Nanoseconds(seconds: description.timing.pulseRest))
    longestFrame = Nanoseconds(seconds: description.timing.conversion)
    outputChip = description.part(of: .dac).chip ?? outputChip
    inputChip = description.part(of: .adc).chip ?? inputChip
    sourceCount = sources
    targetCount = targets
    edgeCount = edges
    for index in 0..<sources { self.sources[index] = channel(wiring.sources[index]) }
    for index in 0..<targets {
      clamps[index] = channel(wiring.clamps[index])
      self.targets[index] = channel(wiring.targets[index])
    }
    if kind == .chains {
      for position in 0..<edges { chain[position] = UInt16(wiring.chain[position]) }
    }
  }
}

extension WiredFailure: CustomStringConvertible {
  /// The failure in words.
  public var description: String {
    switch self {
    case .lines(let failure): "the lines failed: \(failure)"
    case .chainBroken:
      "the drive pattern did not come back through the chain as sent, so nothing was latched; "
        + "check MOSI, MISO, SCLK, LOAD and the select of the chain"
    case .conversionTooSlow:
      "a conversion took too long from its sample (timing: {conversion: ...}), three times in a "
        + "row; the line operations are too slow or too often preempted: take a serial controller "
        + "(wiring: {spi: ...}) or a computer that does less beside"
    }
  }
}
