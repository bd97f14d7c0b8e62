/// What helps where Newton's method does not get on.
extension SolverState {
  /// One sweep of nonlinear Gauss-Seidel: every free node in turn moves to where its own current
  /// balance vanishes. For networks like these the sweeps converge from anywhere (Rheinboldt, "On
  /// M-functions and their application to nonlinear Gauss-Seidel iterations", 1970), but slowly.
  func sweep(_ low: Double, _ high: Double) {
    for place in 0..<structure.freeCount {
      var below = low
      var above = high
      var volts = voltages[place]
      for _ in 0..<100 {
        voltages[place] = volts
        let balance = balance(place)
        if balance.current == 0 { break }
        if balance.current > 0 { below = volts } else { above = volts }
        var next = volts + balance.current / balance.conductance
        if !(next > below && next < above) { next = below + 0.5 * (above - below) }
        let change = (next - volts).magnitude
        volts = next
        if change < 1e-14 { break }
      }
      voltages[place] = volts
    }
  }

  /// The current into a free node at the present voltages and how fast it falls with the node's
  /// own.
  private func balance(_ place: Int) -> (current: Double, conductance: Double) {
    let source = attached[place]
    let volts = voltages[place]
    var current = source.x * (source.y - volts) - OperatingPoint.leak * volts + injected[place]
    var conductance = source.x + OperatingPoint.leak
    for cursor in Int(incidentStart[place])..<Int(incidentStart[place + 1]) {
      let index = Int(incident[cursor])
      let outward = Int(structure.place[branches[index].from]) == place
      let flow = flow(index)
      current += outward ? -flow.current : flow.current
      conductance += outward ? flow.slopeFrom : flow.slopeTo
    }
    return (current, conductance)
  }
}
