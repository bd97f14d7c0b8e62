public import Description
public import Firmware

/// How long each operation of a learning board takes on its wiring, and at which moment within it
/// the board's state is taken or changed.
///
/// The counts of line operations are those of the chains of the reference board: a line operation
/// moves any number of lines at once, a bit shifted out takes two (data with the clock low, clock
/// high), a bit shifted in a third for the read.
public struct OperationTimes: Sendable, Equatable {
  /// Setting or shutting down a converter: 16 bits and the select.
  public let convert: Nanoseconds
  /// The wait for node voltages and averages to settle.
  public let settle: Nanoseconds
  /// From the start of a measurement to the sample.
  public let measureBeforeSample: Nanoseconds
  /// From the sample to the end of a measurement.
  public let measureAfterSample: Nanoseconds
  /// From the start of a comparison to the capture.
  public let compareBeforeCapture: Nanoseconds
  /// From the capture to the last comparator read.
  public let compareAfterCapture: Nanoseconds
  /// From the start of a pulse operation to LEARN rising: shifting the drives out, reading them
  /// back, LATCH.
  public let pulseBeforeStart: Nanoseconds
  /// The line operation that ends a pulse.
  public let pulseEnd: Nanoseconds
  /// The longest pulse that the one-shot lets through.
  public let timer: Nanoseconds
  /// The off time that the one-shot needs after a long pulse.
  public let rest: Nanoseconds

  /// The times of a board's wiring.
  public init(description: BoardDescription) {
    let learning = description.edges.reduce(0) { $0 + ($1.part == .learning ? 1 : 0) }
    let chain = Int64((2 * learning + 7) / 8 * 8)
    let operation = Nanoseconds(seconds: description.timing.operation)
    func operations(_ count: Int64) -> Nanoseconds { Nanoseconds(operation.count * count) }
    convert = operations(2 * 16 + 5)
    settle = Nanoseconds(seconds: description.timing.settle)
    measureBeforeSample = operations(5 + 2 * 7)
    measureAfterSample = operations(3 * 12 + 2)
    compareBeforeCapture = operations(1)
    compareAfterCapture = operations(3 * chain + 4)
    pulseBeforeStart =
      description.gates.update == .comparator ? operations(7 * chain + 6) : operations(1)
    pulseEnd = operation
    timer = Nanoseconds(seconds: description.timing.pulseLimit)
    rest = Nanoseconds(seconds: description.timing.pulseRest)
  }
}
