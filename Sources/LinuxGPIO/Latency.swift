/// How long operations took, as counts in classes of which sixteen make an octave: a value is known
/// to 6 %. Adding one allocates nothing.
package struct Latency: ~Copyable {
  /// Sixteen classes to each power of two up to 2^40 ns.
  private static let classes = 16 * 41
  private let counts: UnsafeMutablePointer<UInt64>
  /// How many durations were added.
  package private(set) var count: UInt64 = 0
  /// The longest, ns.
  package private(set) var longest: Int64 = 0

  /// An empty histogram.
  package init() {
    counts = .allocate(capacity: Latency.classes)
    counts.initialize(repeating: 0, count: Latency.classes)
  }

  deinit { counts.deallocate() }

  /// Adds a duration, ns; negative ones count as zero, those above 18 minutes as that.
  @inline(__always)
  package mutating func add(_ duration: Int64) {
    count &+= 1
    if duration > longest { longest = duration }
    counts[Latency.place(duration)] &+= 1
  }

  /// The class of a duration: exact below 32 ns.
  @inline(__always)
  static func place(_ duration: Int64) -> Int {
    let value = UInt64(max(0, min(duration, (1 << 40) - 1)))
    if value < 32 { return Int(value) }
    // The octave's number and the four bits after the leading one.
    let octave = 63 - value.leadingZeroBitCount
    return (octave - 4) * 16 + Int(value >> UInt64(octave - 4))
  }

  /// The largest duration of a class, ns.
  static func upper(_ place: Int) -> Int64 {
    if place < 32 { return Int64(place) }
    let octave = place / 16 + 3
    return (Int64(place % 16 + 17) << Int64(octave - 4)) - 1
  }

  /// The duration that a share of all did not exceed, ns, rounded up to its class and at most the
  /// longest; 0 when there are none.
  ///
  /// - Parameter share: 0 ... 1.
  /// - Returns: the duration, ns.
  package func quantile(_ share: Double) -> Int64 {
    if count == 0 { return 0 }
    let wanted = UInt64(max(1, (share * Double(count)).rounded(.up)))
    var sum: UInt64 = 0
    for place in 0..<Latency.classes {
      sum += counts[place]
      if sum >= wanted { return min(Latency.upper(place), longest) }
    }
    return longest
  }
}
