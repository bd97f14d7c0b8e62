import BoardDouble
import Circuit
import Elements
import Files
import Firmware
import Portable
import Runs
import Targets
import Wiring

/// The parts that a calibration found, as parameters of a model, and the covariance of what is wrong of them.
///
/// The file has each value's interval, but not how values hang together, and that is most of what is known:
/// threshold, drops and supply are wrong together. What can be wrong together hangs on what was done and
/// hardly on the board, so it is reckoned again: an ideal board is excited in the same way, and the readings'
/// derivatives at the found parts give the covariance.
struct CalibratedParts: Sendable {
  /// The most probable parameters; the gates' starts mean nothing.
  let parameters: [Double]
  /// The covariance of what is wrong of them; that of the starts is zero.
  let covariance: Matrix

  /// Takes what was found of a board.
  ///
  /// - Parameters:
  ///   - found: the calibration.
  ///   - description: the board, with its channels where they were.
  /// - Throws: `CircuitError` where the circuit has no solution.
  init(_ found: BoardCalibration, of description: BoardDescription) throws {
    let subject = try Subject(description)
    var model = try PartsModel(subject)
    let parameters = model.parameters(of: found)
    self.parameters = parameters

    var spotless = description.withoutFaults
    spotless.imperfections = .none
    var target = try DoubleTarget<DirectBoard>(subject.setting(spotless, seed: 1))
    let excitation = try target.excite(subject, pulses: found.pulses)

    let count = model.means.count
    let spreads = model.spreads
    var normal = try model.information(at: parameters, by: excitation).matrix
    for index in 0..<count { normal[index, index] += 1 }
    guard var covariance = normal.inverse else {
      throw SubjectError("the calibration's readings would fit no board of this kind")
    }
    let widening = max(found.misfit, 1)
    for row in 0..<count {
      for column in 0..<count {
        covariance[row, column] *= widening * spreads[row] * spreads[column]
      }
    }
    for edge in 0..<model.edges {
      let start = model.index(of: .start, of: edge)
      for index in 0..<count {
        covariance[start, index] = 0
        covariance[index, start] = 0
      }
    }
    self.covariance = covariance
  }
}

extension PartsModel {
  /// The parameters that a calibration found; what it does not have is as it is beforehand.
  ///
  /// - Parameter found: the calibration.
  /// - Returns: the parameters.
  func parameters(of found: BoardCalibration) -> [Double] {
    var parameters = means
    let gates = description.gates
    let constant = gates.ohms * gates.farads
    for (edge, part) in found.edges.enumerated() where edge < edges {
      func set(_ which: EdgePart, _ value: Double) {
        parameters[index(of: which, of: edge)] = value
      }
      let capacitance = Elementary.log(part.capacitance.value / gates.farads)
      set(.capacitance, capacitance)
      set(.chargeResistance, Elementary.log(part.chargeRC.value / constant) - capacitance)
      set(.dischargeResistance, Elementary.log(part.dischargeRC.value / constant) - capacitance)
      set(.chargeDrop, part.chargeDrop.value)
      set(.dischargeDrop, part.dischargeDrop.value)
      set(.leakage, part.leak.value * part.capacitance.value)
      set(.threshold, part.threshold.value)
      set(
        .strength, Elementary.log(part.strength.value / description.transistor.strength))
    }
    parameters[supply] = found.supply.value
    for (channel, source) in found.sources.enumerated() where channel < sources.count {
      parameters[index(ofSource: channel, .low)] = source.low.value
      parameters[index(ofSource: channel, .middle)] = source.middle.value
      parameters[index(ofSource: channel, .high)] = source.high.value
    }
    for (channel, target) in found.targets.enumerated() where channel < targets.count {
      let first = index(ofTarget: channel)
      parameters[first] = target.offset.value
      parameters[first + 1] = target.gain.value
      for (knot, volts) in target.curve.enumerated() where knot < knots {
        parameters[first + 2 + knot] = volts
      }
    }
    return parameters
  }
}
