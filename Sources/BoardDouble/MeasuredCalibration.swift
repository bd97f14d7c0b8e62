import Files
public import Wiring

extension Calibration {
  /// What a bench would measure on this double: supply to 1 mV, resistances to 0.1 %, the diodes'
  /// drop at the present temperature, leakage to 0.1 nA.
  public init(measuredOn board: AnalogBoard) {
    func measured(_ path: ChargePath, nominal: Double) -> ChargePath {
      var rounded = path
      rounded.ohms = nominal * ((path.ohms / nominal * 1000).rounded() / 1000)
      return rounded
    }
    let nominal = board.description.gates.ohms
    self.init(
      supply: (board.parts.supply * 1000).rounded() / 1000,
      charge: board.parts.chargePaths.map { measured($0, nominal: nominal) },
      discharge: board.parts.dischargePaths.map { measured($0, nominal: nominal) },
      leakage: board.parts.leakage.map { ($0 * 1e10).rounded() / 1e10 })
    takeTaps(of: board.description.gates)
  }

  /// What a double's controllers are told.
  ///
  /// - Parameters:
  ///   - board: the double.
  ///   - isMeasured: whether they know what a bench measured, or the parts' markings only.
  ///   - found: what `calibrate` found, which goes before both; `nil` where it was not asked.
  public init(toldOf board: AnalogBoard, isMeasured: Bool, found: BoardCalibration? = nil) {
    if let found {
      self.init(found, of: board.description)
    } else if isMeasured {
      self.init(measuredOn: board)
    } else {
      self.init(nominal: board.description)
    }
  }
}
