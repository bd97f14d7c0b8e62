#if Simulation
public import BoardDouble
import Firmware
public import Runs

extension Learner where Board: VirtualFace {
  /// The gate voltages as they truly are, V.
  public var gates: [Double] {
    mutating get { board.withAnalog { analog, time in analog.gates(at: time) } }
  }

  /// Puts the gates at given voltages, V, as an experimenter with a supply would, and tells the
  /// controllers.
  public mutating func setGates(_ gates: [Double]) {
    board.withAnalog { analog, time in analog.setGates(gates, at: time) }
    let actual = self.gates
    for edge in controllers.indices { controllers[edge].gate = Voltage(volts: actual[edge]) }
  }
}
#endif
