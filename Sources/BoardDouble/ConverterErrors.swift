import Portable

/// The static errors of one converter channel: offset, gain and a curve of integral nonlinearity
/// that is linear between 17 knots, zero at both ends and uniform within its size between them.
struct ConverterErrors {
  var offset: Double
  var gain: Double
  var knots: [Double]

  /// The errors of a channel.
  ///
  /// - Parameters:
  ///   - offset: offset, V.
  ///   - gain: relative gain error.
  ///   - curve: the nonlinearity's size, V.
  ///   - draw: draws the nonlinearity's knots.
  init(offset: Double, gain: Double, curve: Double, draw: Draw) {
    self.offset = offset
    self.gain = gain
    knots = (0...16).map { (knot: Int) -> Double in
      knot == 0 || knot == 16 ? 0 : curve * (2 * draw.uniform(UInt64(knot)) - 1)
    }
  }

  /// The voltage with the errors added; `span` is the converter's reference, V.
  func applied(to voltage: Double, span: Double) -> Double {
    let place = min(max(voltage / span, 0), 1) * 16
    let knot = min(Int(place), 15)
    let part = place - Double(knot)
    let curve = knots[knot] * (1 - part) + knots[knot + 1] * part
    return voltage * (1 + gain) + offset + curve
  }
}
