/// A chain of shift registers as a ring: shifting moves the head, not the bits.
struct ShiftChainModel: Sendable, Equatable, Codable {
  private var bits: [Bool]
  private var head = 0

  init(count: Int) { bits = Array(repeating: false, count: max(count, 8)) }

  /// Whether this is a state of the same chain as another.
  func isSound(like other: ShiftChainModel) -> Bool {
    bits.count == other.bits.count && bits.indices.contains(head)
  }

  /// The bit at the far end, the next to come out.
  var output: Bool { bits[head] }

  /// Shifts by one: the bit at the far end leaves, `input` enters.
  mutating func shift(in input: Bool) {
    bits[head] = input
    head += 1
    if head == bits.count { head = 0 }
  }

  /// Loads the bit that would come out after `place` shifts.
  mutating func load(_ bit: Bool, place: Int) {
    bits[(head + place) % bits.count] = bit
  }

  /// The bit that entered `age` shifts before the last one.
  func entered(age: Int) -> Bool {
    bits[(head + 2 * bits.count - 1 - age) % bits.count]
  }
}
