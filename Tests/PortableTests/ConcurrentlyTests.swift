import Portable
import Testing

@Suite struct ConcurrentlyTests {
  @Test func `what is computed beside each other comes back in order`() throws {
    let results = try concurrently(200) { place in [place, (0...place).reduce(0, +)] }
    #expect(results == (0..<200).map { [$0, $0 * ($0 + 1) / 2] })
  }
}
