import Firmware
import BoardDouble

extension VirtualPins {
  /// The gates as they are now, V.
  var gates: [Double] {
    var analog = analog
    return analog.gates(at: time)
  }

  /// Charges every gate to a voltage, as somebody at the bench would.
  mutating func setGates(_ volts: Double) {
    var board = WiredBoard(lines: self, wiring: wiring)
    board.withAnalog { analog, time in
      analog.setGates(Array(repeating: volts, count: wiring.edgeCount), at: time)
    }
    self = board.lines
  }
}
