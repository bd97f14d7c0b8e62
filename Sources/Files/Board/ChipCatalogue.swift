// The chips that a board file can put at a select, each in one value: its word in the file, what
// its driver and its model are called, its channels, its pins, how many line operations it takes,
// its lines in the parts list.
//
// A chip that an existing driver speaks to is an entry here, and nothing else. One that speaks
// otherwise has a driver in Firmware/Chips and a model in BoardDouble/Chips besides, each in a file
// of its name and a case of `ConverterChip` and `ChipModel`, which choose between them.

public import Firmware

extension WiringDescription {
  /// A chip that hangs at a select line, or the chain of shift registers, which hangs at one too.
  ///
  /// Two are equal when their words are; that is also how it is encoded.
  public struct Part: Sendable {
    /// What a chip is to the board.
    public enum Kind: String, Sendable, CaseIterable {
      /// The shift registers of comparators and drives.
      case chain
      /// A digital-to-analog converter: sources and clamps.
      case dac
      /// An analog-to-digital converter: targets.
      case adc
    }

    /// A line of the parts list.
    package struct Purchase: Sendable {
      /// How many are bought.
      package enum Count: Sendable {
        /// One for each select that the part is at.
        case eachSelect
        /// One for eight bits of the chain, two for each learning edge.
        case eachEightBits
        /// One, however many selects there are.
        case once
      }

      /// How many there are.
      package var count: Count
      /// What to buy.
      package var part: String
      /// What it is for.
      package var purpose: String
      /// Whether it is an integrated circuit, which has a supply to decouple.
      package var isChip = true
    }

    /// The word in board files.
    public let word: String
    /// What the part is to the board.
    public let kind: Kind
    /// The driver and the model of a converter; `nil` for the chain.
    package let chip: ConverterChip?
    /// What the chip is called, such as `MCP3208`.
    public let name: String
    /// The pin of each channel.
    package let channelPins: [String]
    /// The pin that selects it.
    package let selectPin: String
    /// Where the lines that all selects share go, by their role.
    package let linePins: [String: String]
    /// How many line operations a frame takes between selecting and deselecting, up to the moment
    /// that the chip samples at and after it. Two send a bit, three receive one.
    package let frameOperations: (before: Int, after: Int)
    /// The fastest serial clock that it takes from lines at 3.3 V, Hz; `nil` where another chip is
    /// sure to be slower.
    package let fastestClock: Double?
    /// The lines of the parts list.
    package let purchases: [Purchase]

    /// How many channels one has.
    package var channels: Int { channelPins.count }
  }
}

extension WiringDescription.Part {
  /// 74HC165s that hold the comparators' bits, read through a tri-state buffer, and 74HCT595s that
  /// hold the drives'; beside them the decoder of the selects, which boards with chains have.
  /// Driver: ShiftChains.swift; model: ShiftChainModel.swift. What they take depends on the number
  /// of edges (`OperationTimes`).
  public static let chain = WiringDescription.Part(
    word: "chain", kind: .chain, chip: nil, name: "chain", channelPins: [],
    selectPin: "CLK INH of each 74HC165, OE of 74LVC1G125",
    linePins: [
      "SCLK": "CLK of each 74HC165, SRCLK of each 74HCT595",
      "MOSI": "SER of 74HCT595 0",
      "MISO": "Y of 74LVC1G125 (A from QH of 74HC165 0)",
      "LATCH": "RCLK of each 74HCT595; a rising edge takes the bits over",
      "LOAD": "SH/LD of each 74HC165; low captures the comparators",
      "A0": "A of 74HC138",
      "A1": "B of 74HC138",
      "A2": "C of 74HC138",
      "ENABLE": "G1 of 74HC138, pulled low; high selects",
    ],
    frameOperations: (0, 0), fastestClock: nil,
    purchases: [
      Purchase(
        count: .eachEightBits, part: "74HC165", purpose: "comparator bits, four edges in each"),
      Purchase(count: .eachEightBits, part: "74HCT595", purpose: "drive bits, four edges in each"),
      Purchase(count: .once, part: "74HC138", purpose: "decoder of the selects"),
      Purchase(
        count: .once, part: "74LVC1G125", purpose: "chain of comparator bits onto MISO"),
      Purchase(
        count: .once, part: "10 kohm and 20 kohm",
        purpose: "divider from the last 74HCT595 at 5 V to the last 74HC165 at 3.3 V",
        isChip: false),
    ])

  /// An MCP4922, two digital-to-analog converters of 12 bits. Driver: MCP4922.swift; model:
  /// MCP4922Model.swift.
  public static let dac = WiringDescription.Part(
    word: "dac", kind: .dac, chip: .mcp4922, name: "MCP4922", channelPins: ["VOUTA", "VOUTB"],
    selectPin: "CS",
    linePins: ["SCLK": "SCK of each MCP4922", "MOSI": "SDI of each MCP4922"],
    // 16 bits; the channel changes when the chip is deselected.
    frameOperations: (2 * 16, 0), fastestClock: nil,
    purchases: [Purchase(count: .eachSelect, part: "MCP4922", purpose: "sources and clamps")])

  /// An MCP3208, eight analog-to-digital converters of 12 bits. Driver: MCP3208.swift; model:
  /// MCP3208Model.swift.
  public static let adc = WiringDescription.Part(
    word: "adc", kind: .adc, chip: .mcp3208, name: "MCP3208",
    channelPins: (0..<8).map { "CH\($0)" },
    selectPin: "CS/SHDN",
    linePins: [
      "SCLK": "CLK of each MCP3208", "MOSI": "DIN of each MCP3208", "MISO": "DOUT of each MCP3208",
    ],
    // 6 bits, then the clock falls and the sample ends; 12 bits come.
    frameOperations: (2 * 6 + 1, 3 * 12), fastestClock: 1e6,
    purchases: [Purchase(count: .eachSelect, part: "MCP3208", purpose: "targets")])
}

extension WiringDescription.Part: CaseIterable {
  /// The catalogue, in the order in which messages list it.
  public static let allCases: [WiringDescription.Part] = [.chain, .dac, .adc]

  /// The part of a word; `nil` when the catalogue has none.
  package init?(word: String) {
    guard let part = WiringDescription.Part.allCases.first(where: { $0.word == word }) else {
      return nil
    }
    self = part
  }
}

extension WiringDescription.Part: Hashable {
  /// Whether both are the same entry of the catalogue.
  public static func == (left: Self, right: Self) -> Bool { left.word == right.word }

  /// Hashes the word.
  public func hash(into hasher: inout Hasher) { hasher.combine(word) }
}

extension WiringDescription.Part: Codable {
  /// Decodes the part of a word.
  /// - Throws: `DecodingError` when the catalogue has none.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let word = try container.decode(String.self)
    guard let part = WiringDescription.Part(word: word) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "there is no part '\(word)'")
    }
    self = part
  }

  /// Encodes the word.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(word)
  }
}

extension WiringDescription.Part.Kind {
  /// The parts of this kind.
  package var parts: [WiringDescription.Part] {
    WiringDescription.Part.allCases.filter { $0.kind == self }
  }

  /// What a channel is called after the number of its select: `A` of a digital-to-analog converter,
  /// `.0` of an analog-to-digital one.
  package func suffix(ofChannel channel: Int) -> String {
    switch self {
    case .chain: ""
    case .dac: "\(Array("ABCDEFGH")[channel & 7])"
    case .adc: ".\(channel)"
    }
  }

  /// The kind and the channel that a suffix stands for.
  static func channel(ofSuffix suffix: String) -> (channel: Int, kind: Self)? {
    for kind in allCases {
      let most = kind.parts.map(\.channels).max() ?? 0
      if let channel = (0..<most).first(where: { kind.suffix(ofChannel: $0) == suffix }) {
        return (channel, kind)
      }
    }
    return nil
  }
}

extension BoardDescription {
  /// The part of a kind that the wiring has first; where it has none, the first of the catalogue,
  /// for boards without wiring are given the times of one.
  package func part(of kind: WiringDescription.Part.Kind) -> WiringDescription.Part {
    wiring?.selects.first { $0.kind == kind } ?? kind.parts[0]
  }
}
