public import Files
public import Firmware

/// How long each operation of a learning board takes on its wiring, and at which moment within it
/// the board's state is taken or changed.
///
/// The counts of line operations are those that the drivers of the wired board make, which a test
/// compares; docs/pins.md derives them; those of a converter's frame are in the chip catalogue.
/// Boards without wiring are given the times of chains.
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
  /// Shifting the drives out, reading them back, LATCH: all before LEARN rises.
  public let pulsePreparation: Nanoseconds
  /// One line operation, such as the one that ends a pulse.
  public let operation: Nanoseconds
  /// The longest pulse that the one-shot lets through.
  public let timer: Nanoseconds
  /// The off time that the one-shot needs after a long pulse.
  public let rest: Nanoseconds

  /// What selecting and deselecting a part takes, in operations.
  private let selects: Int
  /// How many exchanges of up to 32 bits the chains take; none with direct wiring.
  private let chainWords: Int

  /// The times of a board's wiring.
  public init(description: BoardDescription) {
    let learning = description.learningEdges.count
    let chain = Int64((2 * learning + 7) / 8 * 8)
    let edges = Int64(learning)
    let operation = Nanoseconds(seconds: description.timing.operation)
    func operations(_ count: Int64) -> Nanoseconds { Nanoseconds(operation.count * count) }
    self.operation = operation
    settle = Nanoseconds(seconds: description.timing.settle)
    let isDirect = description.wiring?.kind == .direct
    selects = isDirect ? 2 : 3
    chainWords = isDirect ? 0 : Int(chain + 31) / 32
    let multiplier = description.gates.update == .multiplier
    let dac = description.part(of: .dac).frameOperations
    let adc = description.part(of: .adc).frameOperations
    let select = selects - 1
    convert = operations(Int64(select + dac.before + dac.after + 1))
    measureBeforeSample = operations(Int64(select + adc.before))
    measureAfterSample = operations(Int64(adc.after + 1))
    if isDirect {
      compareBeforeCapture = operations(1)
      compareAfterCapture = .zero
      pulsePreparation = operations(1)
    } else {
      compareBeforeCapture = operations(2)
      compareAfterCapture = operations(2 + 6 * edges - 2 + 1)
      pulsePreparation = multiplier ? .zero : operations(2 + 7 * chain + 1 + 2)
    }
    timer = Nanoseconds(seconds: description.timing.pulseLimit)
    rest = Nanoseconds(seconds: description.timing.pulseRest)
  }

  /// How many line operations a training step that moves gates makes at most.
  ///
  /// - Parameters:
  ///   - sources: how many source channels get another voltage.
  ///   - targets: how many target channels are measured and clamped.
  ///   - comparisons: how often the step clamps and compares: 1, or 2 for centred rules.
  ///   - overBus: whether a controller has the serial lines, an operation an exchange.
  /// - Returns: the number of operations.
  public func lineOperations(
    sources: Int, targets: Int, comparisons: Int, overBus: Bool = false
  ) -> Int {
    if overBus {
      let frame = selects + 1
      let compare = chainWords == 0 ? 1 : 2 + selects + chainWords
      let pulse = (chainWords == 0 ? 1 : selects + 3 * chainWords + 2) + 2
      return frame * (sources + targets + comparisons * targets) + comparisons * compare + pulse
    }
    let measure = measureBeforeSample.count + measureAfterSample.count
    let compare = compareBeforeCapture.count + compareAfterCapture.count
    let clamp = Int64(targets) * convert.count
    let pulse = pulsePreparation.count + 2 * operation.count
    let all =
      Int64(sources) * convert.count + Int64(targets) * measure
      + Int64(comparisons) * (clamp + compare) + pulse
    return Int(all / max(operation.count, 1))
  }
}
