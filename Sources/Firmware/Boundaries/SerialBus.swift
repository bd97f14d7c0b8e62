/// The serial bus that lines may have: a controller that clocks SCLK, MOSI and MISO by itself. These
/// three are then the controller's; what `Lines.write` asks of them is not done.
///
/// An exchange asks for the controller, so nothing can be sent where there is none. Lines that never
/// have one name none: theirs is `NoController`, of which there is no value. Others tell by
/// `controller`, when they run, whether they have it.
public protocol SerialBus: ~Copyable {
  /// What can go wrong at the lines and at the bus; `Never` where nothing can.
  associatedtype Failure: Error

  /// What clocks the bus, as its lines know it.
  associatedtype Controller = NoController

  /// The controller, where there is one; the same for as long as the lines live.
  var controller: Controller? { get }

  /// Sends bits over the bus and takes as many, SPI mode 0: the clock is low at rest, the most
  /// significant bit comes first, data out stands before the rising edge, and data in is what stood
  /// there at that edge. A call is one operation.
  ///
  /// - Parameters:
  ///   - word: the bits, in the lowest places.
  ///   - bits: how many, in whole bytes: 8, 16, 24 or 32.
  ///   - controller: these lines' own.
  /// - Returns: the bits that came, in the lowest places.
  /// - Throws: what can go wrong; how many bits went out is then unknown.
  mutating func exchange(
    _ word: UInt32, bits: Int, by controller: Controller
  ) throws(Failure) -> UInt32
}

/// The controller of lines that have none: there is no value of it.
public enum NoController {}

/// Lines without a bus: the drivers clock the serial lines themselves.
extension SerialBus where Self: ~Copyable, Controller == NoController {
  /// There is none.
  @inlinable public var controller: NoController? { nil }

  /// Cannot be called: there is no controller to call it with.
  @inlinable
  public mutating func exchange(
    _ word: UInt32, bits: Int, by controller: NoController
  ) throws(Failure) -> UInt32 {}
}
