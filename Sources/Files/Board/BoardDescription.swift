public import Elements

/// What a board file says: the network, its parts, how it is driven and read, and how imperfect it
/// is taken to be. All quantities are in SI units.
///
/// Nodes and edges are numbered in the order of `nodes` and `edges`, from 0. A value made by
/// `read(path:)` or `lattice(side:update:)` has been checked; one built by hand has not.
public struct BoardDescription: Sendable, Equatable, Codable {
  /// Name of the board, by which tasks place themselves on it.
  public var name: String
  /// One or two sentences for a reader; may be empty.
  public var about: String
  /// Names of the nodes, each used once.
  public var nodes: [String]
  /// Law of every transistor below and near its threshold (YAML `threshold: soft` or `sharp`).
  public var law: ThresholdLaw
  /// Nominal transistor, of both twins, before spread and mismatch.
  public var transistor: Transistor
  /// Edges of the network, present in both twins.
  public var edges: [EdgeDescription]
  /// Gates of the learning edges.
  public var gates: GateDescription
  /// Default nodes of the source channels, as node indices in channel order.
  public var sources: [Int]
  /// Default nodes of the target channels, as node indices in channel order. A differential output
  /// uses two in a row and is the second minus the first.
  public var targets: [Int]
  /// Source channels (digital-to-analog converters) the board has, at least `sources.count`.
  public var sourceChannels: Int
  /// Target channels (analog-to-digital converters with clamps), at least `targets.count`.
  public var targetChannels: Int
  /// Lowest voltage a node may be driven to, in V.
  public var nodeLowest: Double
  /// Highest voltage a node may be driven to, in V.
  public var nodeHighest: Double
  /// Converters of sources, clamps and targets.
  public var converters: ConverterDescription
  /// Series resistor of a clamp in ohms; 0 is an ideal clamp.
  public var clampOhms: Double
  /// Durations of what the controller does.
  public var timing: TimingDescription
  /// Sizes of what is imperfect.
  public var imperfections: Imperfections
  /// Edges that are broken.
  public var faults: [Fault]
  /// What happens to the whole board while it runs.
  public var disturbances: [Disturbance] {
    get { happening ?? [] }
    set { happening = newValue.isEmpty ? nil : newValue }
  }
  /// What is wrong with lines and with chips at selects, which only a double at its pins has.
  public var lineFaults: [PlacedFault] {
    get { amiss ?? [] }
    set { amiss = newValue.isEmpty ? nil : newValue }
  }
  /// Left out of records where there is none.
  private var happening: [Disturbance]?
  /// Left out of records where there is none.
  private var amiss: [PlacedFault]?
  /// How the board is wired to GPIO lines, or nil if it is not and only its double can learn.
  public var wiring: WiringDescription?

  /// Makes a description from its parts, without checking them.
  public init(
    name: String, about: String = "", nodes: [String], law: ThresholdLaw = .soft,
    transistor: Transistor = Transistor(), edges: [EdgeDescription],
    gates: GateDescription = GateDescription(), sources: [Int] = [], targets: [Int] = [],
    sourceChannels: Int? = nil, targetChannels: Int? = nil, nodeLowest: Double = 0,
    nodeHighest: Double = 0.453, converters: ConverterDescription = ConverterDescription(),
    clampOhms: Double = 100, timing: TimingDescription = TimingDescription(),
    imperfections: Imperfections = .measured, faults: [Fault] = [],
    wiring: WiringDescription? = nil
  ) {
    self.name = name
    self.about = about
    self.nodes = nodes
    self.law = law
    self.transistor = transistor
    self.edges = edges
    self.gates = gates
    self.sources = sources
    self.targets = targets
    self.sourceChannels = sourceChannels ?? sources.count
    self.targetChannels = targetChannels ?? targets.count
    self.nodeLowest = nodeLowest
    self.nodeHighest = nodeHighest
    self.converters = converters
    self.clampOhms = clampOhms
    self.timing = timing
    self.imperfections = imperfections
    self.faults = faults
    self.wiring = wiring
  }

  /// What a clamp without a series resistor counts as, ohm.
  public static let leastClampOhms = 1e-3

  /// The edges that learn, in the order of `edges`; their numbers are those of gates, comparisons
  /// and chain positions.
  public var learningEdges: [EdgeDescription] { edges.filter { $0.part == .learning } }
}

/// One edge: a part between two nodes.
public struct EdgeDescription: Sendable, Equatable, Codable {
  /// Name of the edge, used once on its board.
  public var name: String
  /// Index of the node at one end. The order of the ends matters to a diode only (anode first).
  public var from: Int
  /// Index of the node at the other end.
  public var to: Int
  /// What conducts between the two.
  public var part: Part
  /// The update bias B of a multiplier edge, in V/s, where it is known; nil to draw it from the
  /// sizes of the board's imperfections.
  public var bias: Double?

  /// Makes an edge, without checking it.
  public init(name: String, from: Int, to: Int, part: Part = .learning, bias: Double? = nil) {
    self.name = name
    self.from = from
    self.to = to
    self.part = part
    self.bias = bias
  }
}

/// How a learning edge changes its gate voltage.
public enum UpdateKind: String, Sendable, Codable, CaseIterable {
  /// A controller charges, discharges or holds the gate after comparing the twins.
  case comparator
  /// Analog multipliers drive the gate by the difference of squares while LEARN is on.
  case multiplier
}

/// Gates of a board's learning edges. All edges of a board are of one kind.
public struct GateDescription: Sendable, Equatable, Codable {
  /// How the gates are changed.
  public var update: UpdateKind
  /// Resistance that charges and discharges the capacitor, in ohms: 100 kohm for comparator edges
  /// and 1 kohm for multiplier edges unless said otherwise.
  public var ohms: Double
  /// Gate capacitance in farads.
  public var farads: Double
  /// Drive voltage of a charging comparator edge, in V; it discharges toward 0.
  public var supply: Double
  /// Reference voltage V0 of the multiplier rule dG/dt = (dV_F^2 - dV_C^2) / (R C V0), in V.
  public var reference: Double
  /// Factor on the rate of the multiplier rule: what a rig measures over what its parts' markings
  /// promise.
  public var gain: Double
  /// The weight lambda of power-aware learning on multiplier edges: the rule then follows
  /// (1 - lambda) dV_F^2 - dV_C^2, which also lowers the power of the free twin.
  public var powerWeight: Double
  /// Taps of the digital potentiometer that sets the gate of a comparator edge between `minimum`
  /// and `maximum`, one tap a pulse; nil for a gate on a capacitor.
  public var taps: Int?
  /// Saturation current of the drive diodes, in A.
  public var diodeSaturation: Double
  /// Ideality factor of the drive diodes.
  public var diodeIdeality: Double
  /// Lowest gate voltage the controller aims for, in V.
  public var minimum: Double
  /// Highest gate voltage the controller aims for, in V.
  public var maximum: Double
  /// Voltage at which a multiplier gate saturates below, in V.
  public var railLow: Double
  /// Voltage at which a multiplier gate saturates above, in V.
  public var railHigh: Double
  /// Gate voltage before the first training step, in V.
  public var initial: Double

  private enum CodingKeys: String, CodingKey {
    case update, ohms, farads, supply, reference, gain, powerWeight, diodeSaturation
    case diodeIdeality, minimum, maximum, railLow, railHigh, initial
    case taps = "steps"
  }

  /// Makes gates, without checking them. `ohms` follows `update` when left out.
  public init(
    update: UpdateKind = .comparator, ohms: Double? = nil, farads: Double = 2.2e-6,
    supply: Double = 5.0, reference: Double = 0.33, diodeSaturation: Double = 1e-10,
    diodeIdeality: Double = 1.8, minimum: Double = 1.0, maximum: Double = 3.3,
    railLow: Double = 0.6, railHigh: Double = 5.2, initial: Double = 2.2, gain: Double = 1,
    powerWeight: Double = 0, taps: Int? = nil
  ) {
    self.update = update
    self.ohms = ohms ?? (update == .comparator ? 100e3 : 1e3)
    self.farads = farads
    self.supply = supply
    self.reference = reference
    self.diodeSaturation = diodeSaturation
    self.diodeIdeality = diodeIdeality
    self.minimum = minimum
    self.maximum = maximum
    self.railLow = railLow
    self.railHigh = railHigh
    self.initial = initial
    self.gain = gain
    self.powerWeight = powerWeight
    self.taps = taps
  }

  /// How far one pulse moves the gate of a digital potentiometer, in V; nil for capacitors.
  public var tapSpacing: Double? { taps.map { (maximum - minimum) / Double($0 - 1) } }
}

/// Converters between volts and codes; sources, clamps and targets share their size.
public struct ConverterDescription: Sendable, Equatable, Codable {
  /// Width of a code in bits.
  public var bits: Int
  /// Voltage of full scale above `lowest`, in V; one LSB is `reference / 2^bits`.
  public var reference: Double
  /// Voltage of code 0, in V: 0, or below where a level shift follows the converter. Boards with
  /// wiring have none.
  public var lowest: Double
  /// Noise of one reading, in V rms.
  public var readNoise: Double

  /// Makes converters, without checking them.
  public init(
    bits: Int = 12, reference: Double = 1.024, readNoise: Double = 0.0002, lowest: Double = 0
  ) {
    self.bits = bits
    self.lowest = lowest
    self.reference = reference
    self.readNoise = readNoise
  }
}

/// Durations of what the controller does, in seconds.
public struct TimingDescription: Sendable, Equatable, Codable {
  /// One bulk read or write of GPIO lines.
  public var operation: Double
  /// Time the network and the averaging resistors are given after the sources or clamps change.
  public var settle: Double
  /// Longest time the one-shot lets LEARN be on.
  public var pulseLimit: Double
  /// Shortest time LEARN must be off after a long pulse.
  public var pulseRest: Double
  /// Longest time from an analog-to-digital converter's sample to the last bit, before the held
  /// charge has leaked.
  public var conversion: Double

  /// Makes durations, without checking them.
  public init(
    operation: Double = 2e-6, settle: Double = 100e-6, pulseLimit: Double = 19e-3,
    pulseRest: Double = 3e-3, conversion: Double = TimingDescription.usualConversion
  ) {
    self.conversion = conversion
    self.operation = operation
    self.settle = settle
    self.pulseLimit = pulseLimit
    self.pulseRest = pulseRest
  }

  /// The MCP3208's, in s.
  public static let usualConversion = 1.2e-3

  /// Reads durations; those of older runs do not name the conversion.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      operation: try values.decode(Double.self, forKey: .operation),
      settle: try values.decode(Double.self, forKey: .settle),
      pulseLimit: try values.decode(Double.self, forKey: .pulseLimit),
      pulseRest: try values.decode(Double.self, forKey: .pulseRest),
      conversion: try values.decodeIfPresent(Double.self, forKey: .conversion)
        ?? TimingDescription.usualConversion)
  }
}

/// A broken edge.
public struct Fault: Sendable, Equatable, Codable {
  /// What is wrong with it.
  public var kind: FaultKind
  /// Index of the edge.
  public var edge: Int

  /// Makes a fault, without checking that the edge exists.
  public init(kind: FaultKind, edge: Int) {
    self.kind = kind
    self.edge = edge
  }
}

/// What can be wrong with a learning edge. In a file the words are joined by `_`, as in
/// `comparator_stuck_low`.
public enum FaultKind: String, Sendable, Codable, CaseIterable {
  /// The edge does not conduct, in either twin.
  case dead
  /// The edge's nodes are joined, in both twins.
  case shorted
  /// Comparator A always says 0.
  case comparatorStuckLow
  /// Comparator A always says 1.
  case comparatorStuckHigh
  /// Comparator A says anything, another at each capture.
  case comparatorFloating
  /// The gate's capacitor leaks a microampere.
  case leaking
}
