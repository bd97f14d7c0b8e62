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
}
