/// How a board is wired to the lines of a GPIO chip.
///
/// A value that was read from a file has been checked; one built by hand has not.
public struct WiringDescription: Sendable, Equatable, Codable {
  /// A line of the GPIO chip.
  public enum Line: Sendable, Equatable, Hashable, Codable {
    /// The line's number on its chip, from 0.
    case offset(Int)
    /// The line's name, as the kernel lists it, such as `GPIO11`.
    case name(String)
  }

  /// A line and what it is for.
  public struct Wire: Sendable, Equatable, Codable {
    /// What the line does: `SCLK`, `MOSI`, ..., or `S1-T1.charge` for a line of an edge.
    public var role: String
    /// The line of the GPIO chip.
    public var line: Line

    /// Makes a wire.
    public init(role: String, line: Line) {
      self.role = role
      self.line = line
    }
  }

  /// A channel of a converter, or a rail in its place.
  public struct Output: Sendable, Equatable, Hashable, Codable {
    /// Number of the select line the converter hangs at.
    public var select: Int
    /// Channel of the converter, from 0: 0 for A and 1 for B of an MCP4922, 0 ... 7 of an MCP3208.
    public var channel: Int

    /// The voltage of a wired rail that a source has instead of a converter, in V; its select and
    /// channel then mean nothing.
    public var rail: Double?

    /// Makes a channel, without checking that it exists.
    public init(select: Int, channel: Int) {
      self.select = select
      self.channel = channel
    }

    /// Makes a rail of a voltage in V.
    public init(rail: Double) {
      self.init(select: 0, channel: 0)
      self.rail = rail
    }
  }

  /// How comparators, drives and selects reach the GPIO chip.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Through shift registers and a 3-to-8 decoder: ten lines for any number of edges.
    case chains
    /// By a line each.
    case direct
  }

  /// A serial controller of the computer.
  public struct SerialBus: Sendable, Equatable, Codable {
    /// Its device, such as `/dev/spidev0.0`.
    public var device: String
    /// Its clock, Hz.
    public var speed: Double

    /// Makes a bus, without checking it.
    public init(device: String, speed: Double) {
      self.device = device
      self.speed = speed
    }
  }

  /// Label of the GPIO chip, such as `pinctrl-bcm2711`. Its number changes between kernels.
  public var chip: String
  /// How comparators, drives and selects reach the chip.
  public var kind: Kind
  /// The lines in the order of `roles(of:selects:edges:)`. A wire's index is its bit in the set of
  /// lines a program reads and writes.
  public var wires: [Wire]
  /// What hangs at each select line, by its number.
  public var selects: [Part]
  /// The converter output of each source channel.
  public var sources: [Output]
  /// The converter output that clamps each target channel.
  public var clamps: [Output]
  /// The converter input of each target channel.
  public var targets: [Output]
  /// Position along the chains to index among the board's learning edges. The bits of position 0
  /// are the first that are read from the 74HC165s and the last that are sent to the 74HCT595s.
  /// Empty for direct wiring.
  public var chain: [Int]

  /// The controller that clocks SCLK, MOSI and MISO; without one the firmware does, line by line.
  public var spi: SerialBus?

  /// The wires that are lines of the GPIO chip, at their bits: all, or all but those of `spi`.
  public var requested: ArraySlice<Wire> { wires.dropFirst(spi == nil ? 0 : 3) }

  /// Makes a wiring from its parts, without checking them.
  public init(
    chip: String, kind: Kind, wires: [Wire], selects: [Part], sources: [Output] = [],
    clamps: [Output] = [], targets: [Output] = [], chain: [Int] = [], spi: SerialBus? = nil
  ) {
    self.chip = chip
    self.kind = kind
    self.wires = wires
    self.selects = selects
    self.sources = sources
    self.clamps = clamps
    self.targets = targets
    self.chain = chain
    self.spi = spi
  }

  /// Most lines that one request of the GPIO chip can hold.
  public static let mostWires = 64

  /// Most selects a 3-to-8 decoder can tell apart.
  public static let mostDecodedSelects = 8

  /// What the four lines of a directly wired edge are called, in the order of their bits.
  public static let edgeRoles = ["A", "B", "charge", "discharge"]

  /// The roles of a wiring in the order of their bits.
  ///
  /// - Parameters:
  ///   - kind: how the board is wired.
  ///   - selects: the number of selects; direct wiring has a line for each.
  ///   - edges: names of the learning edges; direct wiring has four lines for each.
  /// - Returns: for chains `SCLK, MOSI, MISO, LATCH, LOAD, LEARN, A0, A1, A2, ENABLE`; for direct
  ///   wiring `SCLK, MOSI, MISO, LEARN, CS0 ...`, then `NAME.A, NAME.B, NAME.charge,
  ///   NAME.discharge` for each edge.
  public static func roles(of kind: Kind, selects: Int, edges: [String]) -> [String] {
    switch kind {
    case .chains:
      ["SCLK", "MOSI", "MISO", "LATCH", "LOAD", "LEARN", "A0", "A1", "A2", "ENABLE"]
    case .direct:
      ["SCLK", "MOSI", "MISO", "LEARN"] + (0..<selects).map { "CS\($0)" }
        + edges.flatMap { edge in edgeRoles.map { "\(edge).\($0)" } }
    }
  }
}
