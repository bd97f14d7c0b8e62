import Elements
import Files
import Foundation
import Testing

/// The parts of edges, in the files of runs.
@Suite struct PartTests {
  static let written: [(Part, String)] = [
    (.learning, #"{"learning":{}}"#),
    (.transistor(gate: 2.5), #"{"transistor":{"gate":2.5}}"#),
    (.fixed(.resistor(ohms: 500)), #"{"resistor":{"ohms":500}}"#),
    (
      .fixed(.potentiometer(DigitalPotentiometer(taps: 100, spacing: .linear), tap: 3)),
      #"{"potentiometer":{"_0":{"highest":32000,"lowest":40,"spacing":"linear","steps":100},"#
        + #""step":3}}"#
    ),
    (
      .fixed(.diode(Diode(saturationCurrent: 0.25, ideality: 1.5))),
      #"{"diode":{"_0":{"ideality":1.5,"saturationCurrent":0.25}}}"#
    ),
  ]

  @Test(arguments: written)
  func `a part is written as it always was, and read back`(_ part: Part, _ json: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    #expect(String(decoding: try encoder.encode(part), as: UTF8.self) == json)
    #expect(try JSONDecoder().decode(Part.self, from: Data(json.utf8)) == part)
  }

  @Test(arguments: [
    "{}", "[]", "3", #""learning""#, #"{"lamp":{}}"#, #"{"learning":{},"resistor":{"ohms":5}}"#,
    #"{"resistor":{"ohms":5},"diode":{"_0":{"ideality":1,"saturationCurrent":1}}}"#,
    #"{"resistor":{}}"#, #"{"transistor":{}}"#, #"{"potentiometer":{"step":3}}"#,
  ])
  func `what is no part is refused`(_ json: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Part.self, from: Data(json.utf8))
    }
  }

  @Test func `every kind of the catalogue has a word of its own, by which it is written`() throws {
    for (part, json) in Self.written {
      guard case .fixed(let element) = part else { continue }
      #expect(json.hasPrefix("{\"\(element.word)\":"))
    }
    let words = FixedElement.kinds.map(\.word)
    #expect(Set(words).count == words.count)
    #expect(words.count == Self.written.count - 2)
  }
}
