/// The first boundary: digital lines and a clock.
///
/// A call is one bulk operation. What is written is what was *commanded*; `read` gives the level of
/// inputs and, for outputs, the commanded level, not the electrical state of the pin.
/// Implemented by the kernel's GPIO character device and by the double's pins in virtual time.
///
/// Lines may have a serial bus: a controller that clocks SCLK, MOSI and MISO by itself. These three
/// are then the controller's; what `write` asks of them is not done.
public protocol Lines: ~Copyable {
  /// What can go wrong at the lines; `Never` where nothing can.
  associatedtype Failure: Error

  /// Sets every output line of `mask` to its bit in `levels`, in one operation; the lines of one
  /// call may change one after the other. Other lines keep their level.
  mutating func write(_ levels: LineSet, mask: LineSet) throws(Failure)

  /// Reads every line of `mask` in one operation; other bits are zero.
  mutating func read(mask: LineSet) throws(Failure) -> LineSet

  /// Waits for *at least* this long.
  mutating func wait(_ duration: Nanoseconds) throws(Failure)

  /// The time by a clock that never goes back.
  mutating func now() throws(Failure) -> Nanoseconds

  /// Whether there is a serial bus; the same for as long as the lines live.
  var hasSerialBus: Bool { get }

  /// Sends bits over the serial bus and takes as many, SPI mode 0: the clock is low at rest, the most
  /// significant bit comes first, data out stands before the rising edge, and data in is what stood
  /// there at that edge. Only asked for when there is a bus.
  ///
  /// - Parameters:
  ///   - word: the bits, in the lowest places.
  ///   - bits: how many, in whole bytes: 8, 16, 24 or 32.
  /// - Returns: the bits that came, in the lowest places.
  /// - Throws: `Failure` when the bus does not answer.
  mutating func exchange(_ word: UInt32, bits: Int) throws(Failure) -> UInt32
}

/// Lines without a serial bus: the drivers clock the serial lines themselves.
extension Lines where Self: ~Copyable {
  /// There is none.
  @inlinable public var hasSerialBus: Bool { false }

  /// Nothing is sent and nothing comes.
  @inlinable
  public mutating func exchange(_ word: UInt32, bits: Int) throws(Failure) -> UInt32 { 0 }
}

/// A set of up to 64 lines, one bit each; also their levels.
public struct LineSet: Sendable, Equatable {
  /// Bit i stands for line i.
  public var bits: UInt64

  /// Makes a set from its bits.
  @inlinable
  public init(bits: UInt64) { self.bits = bits }

  /// A set of one line, 0 ... 63; the empty set for any other number.
  @inlinable
  public init(line: Int) { bits = line >= 0 && line < 64 ? Wide.bit(line) : 0 }

  /// No line.
  @inlinable public static var none: LineSet { LineSet(bits: 0) }

  /// The lines of both sets.
  @inlinable
  public static func | (a: LineSet, b: LineSet) -> LineSet { LineSet(bits: a.bits | b.bits) }

  /// The lines common to both sets.
  @inlinable
  public static func & (a: LineSet, b: LineSet) -> LineSet { LineSet(bits: a.bits & b.bits) }

  /// The lines of this set that are not in another.
  @inlinable
  public func without(_ other: LineSet) -> LineSet { LineSet(bits: bits & ~other.bits) }

  /// Whether the sets share a line.
  @inlinable
  public func meets(_ other: LineSet) -> Bool { bits & other.bits != 0 }
}
