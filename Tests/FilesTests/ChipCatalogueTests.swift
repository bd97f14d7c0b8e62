import Foundation
import Testing

@testable import Files

struct ChipCatalogueTests {
  private typealias Part = WiringDescription.Part

  @Test func `every part has a word of its own, by which it is saved and read`() throws {
    #expect(Set(Part.allCases.map(\.word)).count == Part.allCases.count)
    let saved = try JSONEncoder().encode(Part.allCases)
    #expect(String(decoding: saved, as: UTF8.self).hasPrefix(#"["chain","dac","adc""#))
    #expect(
      try JSONDecoder().decode([Part].self, from: saved).map(\.name) == Part.allCases.map(\.name))
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([Part].self, from: Data(#"["acd"]"#.utf8))
    }
  }

  @Test(arguments: WiringDescription.Part.allCases)
  func `a part says where its lines go and what to buy`(_ part: WiringDescription.Part) {
    let roles = Set(
      WiringDescription.roles(of: .chains, selects: 0, edges: [])
        + WiringDescription.roles(of: .direct, selects: 0, edges: []))
    #expect(roles.isSuperset(of: part.linePins.keys), "\(part.name)")
    #expect(part.linePins["SCLK"] != nil && part.linePins["MOSI"] != nil, "\(part.name)")
    #expect((part.linePins["MISO"] == nil) == (part.kind == .dac), "\(part.name)")
    #expect(!part.purchases.isEmpty, "\(part.name)")
    #expect((part.channels == 0) == (part.kind == .chain), "\(part.name)")
    // What the double's tables of channels hold.
    #expect(part.channels <= 8, "\(part.name)")
  }

  @Test(arguments: WiringDescription.Part.Kind.allCases)
  func `a channel is found again by what it is called`(_ kind: WiringDescription.Part.Kind) throws {
    for channel in 0..<(kind.parts.map(\.channels).max() ?? 0) {
      let found = try #require(Part.Kind.channel(ofSuffix: kind.suffix(ofChannel: channel)))
      #expect(found.channel == channel && found.kind == kind)
    }
  }
}
