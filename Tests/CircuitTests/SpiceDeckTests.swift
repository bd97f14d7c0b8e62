import Circuit
import Elements
import Foundation
import Testing

/// ngspice, found on the path.
struct Ngspice {
  let executable: URL

  init() throws {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for directory in path.split(separator: ":") {
      let candidate = URL(fileURLWithPath: String(directory)).appendingPathComponent("ngspice")
      if FileManager.default.isExecutableFile(atPath: candidate.path) {
        executable = candidate
        return
      }
    }
    throw Missing()
  }

  struct Missing: Error, CustomStringConvertible {
    let description = "ngspice is not on the path: install the Debian package ngspice"
  }

  /// Runs a deck and returns the node voltages that it prints.
  func voltages(_ deck: String, nodeCount: Int) throws -> [Double?] {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("circuit-\(UUID().uuidString).cir")
    try deck.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = executable
    process.arguments = ["-b", file.path]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    var result = [Double?](repeating: nil, count: nodeCount)
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "=" })
      guard words.count == 2, words[0].hasPrefix("v(n"), words[0].hasSuffix(")"),
        let node = Int(words[0].dropFirst(3).dropLast()), result.indices.contains(node)
      else { continue }
      result[node] = Double(words[1])
    }
    return result
  }
}

@Suite("SPICE decks")
struct SpiceDeckTests {
  @Test func `ngspice finds the same voltages to a microvolt on 200 networks`() throws {
    let ngspice = try Ngspice()
    var random = RandomNetworks(seed: 900)
    var worst = 0.0
    for trial in 0..<200 {
      let example = random.network(
        nodes: trial < 150 ? 5 + random.index(below: 60) : 5 + random.index(below: 196),
        law: .sharp, drive: 0...0.5, others: trial % 2 == 0 ? 0 : 0.3,
        gate: { $0.uniform(1.5...5) })
      var point = try example.point()
      try point.solve()
      let deck = try SpiceDeck(network: example.network, driven: example.driven)
      let spice = try ngspice.voltages(deck.text, nodeCount: example.network.nodeCount)
      for (node, volts) in point.voltages.enumerated() {
        let other = try #require(spice[node], "ngspice printed no voltage of node \(node)")
        worst = max(worst, (other - volts).magnitude)
        #expect((other - volts).magnitude < 1e-6)
      }
    }
    print("largest difference from ngspice: \(worst) V")
  }

  @Test func `ngspice agrees on attached sources and on diodes in forward direction`() throws {
    let network = Network(
      nodeCount: 4,
      branches: [
        Branch(from: 0, to: 1, element: .fixed(.resistor(ohms: 1000))),
        Branch(from: 1, to: 2, element: .fixed(.diode(Diode()))),
        Branch(from: 2, to: 3, element: .transistor(Transistor(), gate: 3)),
      ], law: .sharp)
    var point = try OperatingPoint(network: network, driven: [0, 3], attachable: [2])
    try point.drive(0, 2)
    try point.attach(2, conductance: 1e-3, volts: 0.2)
    try point.solve()
    let deck = try SpiceDeck(
      network: network, driven: [(0, 2), (3, 0)], attached: [(2, 1e-3, 0.2)])
    let spice = try Ngspice().voltages(deck.text, nodeCount: 4)
    for (node, volts) in point.voltages.enumerated() {
      #expect((try #require(spice[node]) - volts).magnitude < 2e-6)
    }
  }

  /// Soft thresholds and other slope factors, from deep below threshold to far above. Below it there are no
  /// other elements: ngspice has a law of its own for diodes in reverse, which shows beside currents so
  /// small.
  @Test(arguments: ThresholdLaw.allCases)
  func `ngspice finds the same voltages under either law and with any slope factor`(
    _ law: ThresholdLaw
  ) throws {
    let ngspice = try Ngspice()
    var random = RandomNetworks(seed: 901)
    var worst = 0.0
    for trial in 0..<60 {
      var example = random.network(
        nodes: 5 + random.index(below: 40), law: law, drive: 0...0.5,
        others: trial % 3 == 0 || trial % 2 == 0 ? 0 : 0.3,
        gate: { $0.uniform(trial % 3 == 0 ? 0.4...1.2 : 1...5) })
      var network = example.network
      for index in network.branches.indices {
        if case .transistor(var device, let gate) = network.branches[index].element {
          device.slope = trial % 4 == 0 ? 1 : random.uniform(1...2)
          network.branches[index].element = .transistor(device, gate: gate)
        }
      }
      example.network = network
      var point = try example.point()
      try point.solve()
      let deck = try SpiceDeck(network: network, driven: example.driven)
      let spice = try ngspice.voltages(deck.text, nodeCount: network.nodeCount)
      for (node, volts) in point.voltages.enumerated() {
        let other = try #require(spice[node], "ngspice printed no voltage of node \(node)")
        worst = max(worst, (other - volts).magnitude)
      }
    }
    #expect(worst < 1e-6, "\(worst) V")
  }

  @Test func `a transistor is a level-1 one where that is the same, else a source of its current`()
    throws
  {
    func lines(_ law: ThresholdLaw, slope: Double) throws -> String {
      let branch = Branch(
        from: 0, to: 1, element: .transistor(Transistor(slope: slope), gate: 2))
      return try SpiceDeck(
        network: Network(nodeCount: 2, branches: [branch], law: law), driven: [(0, 1)]
      ).text
    }
    #expect(try lines(.sharp, slope: 1).contains("\nm0 n0 g0 n1 0 t0 "))
    #expect(try lines(.sharp, slope: 1.5).contains("\nb0 n0 n1 i="))
    #expect(try lines(.soft, slope: 1).contains("\nvgate0 g0 0 dc 2.0\nb0 n0 n1 i="))
  }

  @Test func `A deck of an invalid network is refused`() {
    let branch = Branch(from: 0, to: 5, element: .open)
    #expect(throws: CircuitError.self) {
      try SpiceDeck(network: Network(nodeCount: 2, branches: [branch]), driven: [])
    }
    #expect(throws: CircuitError.self) {
      try SpiceDeck(network: Network(nodeCount: 2, branches: []), driven: [(0, .nan)])
    }
  }
}
