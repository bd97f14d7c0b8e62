import Elements
public import Files

/// A line of a bill of materials.
public struct BillEntry: Sendable, Equatable {
  /// How many there are.
  public var count: Int
  /// What to buy.
  public var part: String
  /// What it is for.
  public var purpose: String
  /// Whether it is an integrated circuit, which has a supply to decouple.
  public var isChip: Bool

  /// Makes a line.
  public init(count: Int, part: String, purpose: String, isChip: Bool = false) {
    self.count = count
    self.part = part
    self.purpose = purpose
    self.isChip = isChip
  }
}

extension BoardDescription {
  /// The parts of the wired board (what each chip is bought as stands in `ChipCatalogue.swift`, what an
  /// element is in its own file), with counts that follow from its edges and channels; connectors,
  /// wire and the computer are not among them.
  ///
  /// - Throws: `DescriptionError` if the board has no wiring.
  public func billOfMaterials() throws(DescriptionError) -> [BillEntry] {
    let wiring = try requiredWiring()
    var bill = networkParts() + controlParts(wiring) + channelParts(wiring)
    bill.append(
      BillEntry(
        count: 1, part: "5 V regulator, 1 %", purpose: "supply of drives, buffers and transistors",
        isChip: true))
    let chips = bill.filter(\.isChip).reduce(0) { $0 + $1.count }
    bill.append(BillEntry(count: chips, part: "100 nF", purpose: "decoupling, one at each chip"))
    return bill.filter { $0.count > 0 }
  }

  /// Edges with their gates, comparators and drives.
  private func networkParts() -> [BillEntry] {
    let learning = learningEdges.count
    var fixedGates: [Double] = []
    var others: [BillEntry] = []
    func add(_ purchase: Purchase) {
      // One in each twin.
      if let index = others.firstIndex(where: { $0.part == purchase.part }) {
        others[index].count += 2
      } else {
        others.append(
          BillEntry(
            count: 2, part: purchase.part, purpose: "fixed edges, both twins",
            isChip: purchase.isChip))
      }
    }
    for edge in edges {
      switch edge.part {
      case .learning: break
      case .transistor(let gate): fixedGates.append(gate)
      case .fixed(let element): add(element.kind.purchase)
      }
    }
    let drive = "\(engineering(gates.ohms))ohm 1 %"
    return [
      BillEntry(
        count: quotient(2 * (learning + fixedGates.count), 4), part: Transistor.purchase.part,
        purpose: "transistors, both twins of two edges in each",
        isChip: Transistor.purchase.isChip),
      BillEntry(
        count: Set(fixedGates).count, part: "10 kohm trimmer", purpose: "gates at a fixed voltage"),
    ] + others + [
      BillEntry(
        count: learning, part: "\(engineering(gates.farads))F polypropylene",
        purpose: "gate capacitors"),
      BillEntry(
        count: quotient(2 * learning, 4), part: "MCP6544",
        purpose: "comparators A and B of two edges in each", isChip: true),
      BillEntry(
        count: 8 * learning, part: "1 Mohm 1 %",
        purpose: "averages at the comparators, four of two for each edge"),
      BillEntry(count: 2 * learning, part: drive, purpose: "charge and discharge of gates"),
      BillEntry(count: learning, part: "BAV199", purpose: "drive diodes, a pair for each edge"),
      BillEntry(
        count: 2 * learning, part: "10 kohm",
        purpose: "drive lines at rest: charge low, discharge high"
      ),
    ]
  }

  /// What stands between the lines and the edges.
  private func controlParts(_ wiring: WiringDescription) -> [BillEntry] {
    let registers = quotient(2 * learningEdges.count, 8)
    let farads = 470e-9
    var parts: [BillEntry]
    let pulls: (count: Int, purpose: String)
    switch wiring.kind {
    case .chains:
      parts = selectedParts(wiring) { $0 == .chain }
      pulls = (3, "LEARN and ENABLE low, output enable of the drives high")
    case .direct:
      parts = [
        BillEntry(
          count: registers, part: "74HCT244", purpose: "drives, four edges in each", isChip: true)
      ]
      pulls = (
        2 + wiring.selects.count, "LEARN low, output enable of the drives and selects high"
      )
    }
    parts += [
      BillEntry(
        count: 1, part: "74HCT123",
        purpose: "one-shot that limits LEARN to about \(engineering(timing.pulseLimit))s",
        isChip: true),
      // The pulse of a 74HCT123 lasts 0.45 R C.
      BillEntry(
        count: 1, part: "\(engineering(standardValue(timing.pulseLimit / (0.45 * farads))))ohm 1 %",
        purpose: "one-shot"),
      BillEntry(count: 1, part: "\(engineering(farads))F film", purpose: "one-shot"),
      // Its other half: about 2 s.
      BillEntry(
        count: 1, part: "1 Mohm",
        purpose: "watchdog, the other half of the 74HCT123: converters down once SCLK rests 2 s"
      ),
      BillEntry(count: 1, part: "4.7 uF film", purpose: "watchdog"),
      BillEntry(count: pulls.count, part: "10 kohm", purpose: pulls.purpose),
      BillEntry(count: 1, part: "switch", purpose: "stop: grounds the reset of the one-shot"),
      BillEntry(
        count: 1, part: "1 kohm", purpose: "between LEARN and that reset, spares the line a short"),
    ]
    return parts
  }

  /// What the catalogue lists for the parts of some kinds that are at the selects.
  private func selectedParts(
    _ wiring: WiringDescription, where isWanted: (WiringDescription.Part.Kind) -> Bool
  ) -> [BillEntry] {
    WiringDescription.Part.allCases.filter { isWanted($0.kind) }.flatMap { part in
      let selects = wiring.selects.count { $0 == part }
      return (selects == 0 ? [] : part.purchases).map { purchase in
        let count =
          switch purchase.count {
          case .eachSelect: selects
          case .eachEightBits: quotient(2 * learningEdges.count, 8)
          case .once: 1
          }
        return BillEntry(
          count: count, part: purchase.part, purpose: purchase.purpose, isChip: purchase.isChip)
      }
    }
  }

  /// Sources, clamps and targets.
  private func channelParts(_ wiring: WiringDescription) -> [BillEntry] {
    return selectedParts(wiring) { $0 != .chain } + [
      BillEntry(
        count: wiring.selects.contains { $0.kind != .chain } ? 1 : 0,
        part: "\(engineering(converters.reference))V reference",
        purpose: "full scale of the converters", isChip: true),
      BillEntry(
        count: quotient(wiring.sources.count { $0.rail == nil }, 4), part: "MCP6024",
        purpose: "buffers of the sources",
        isChip: true),
      BillEntry(
        count: wiring.sources.count { $0.rail == nil }, part: "100 kohm",
        purpose: "sources at 0 V while their converter is shut down"),
      BillEntry(
        count: sourceChannels > 0 ? 1 : 0, part: "LM7705", purpose: "-0.23 V rail of the buffers",
        isChip: true),
      BillEntry(
        count: clampOhms > 0 ? targetChannels : 0, part: "\(engineering(clampOhms))ohm 1 %",
        purpose: "clamps, in series"),
    ]
  }
}

/// How many of a size it takes to hold a number.
private func quotient(_ number: Int, _ size: Int) -> Int { (number + size - 1) / size }

/// The nearest value resistors are made in, 24 to the decade.
private func standardValue(_ ohms: Double) -> Double {
  let series = [
    10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91,
    100,
  ]
  var decade = 1.0
  while ohms >= decade * 100 { decade *= 10 }
  while ohms < decade * 10 { decade /= 10 }
  return series.map { Double($0) * decade }.min { abs($0 - ohms) < abs($1 - ohms) } ?? ohms
}
