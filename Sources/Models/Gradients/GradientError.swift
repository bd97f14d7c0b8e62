package import Circuit

/// Why a gradient cannot be computed, or a nudge is refused.
package enum GradientError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A branch that is not linear in a form that needs it.
  case notLinear(branch: Int)
  /// A node that no conducting path joins to a driven one.
  case floating(node: Int)
  /// Loops without resistance.
  case singular
  /// A negative nudge at which the network has no stable state.
  case nudgeTooLarge(nudge: Double, bound: Double)
  /// A setting out of range.
  case invalid(what: String, value: Double, allowed: String)
  /// An output that is not free, or not declared attachable.
  case circuit(CircuitError)

  /// What is wrong, where, and what would be allowed.
  package var description: String {
    switch self {
    case .notLinear(let branch):
      "branch \(branch) is not linear: the loop form is for linear networks; use the "
        + "node form"
    case .floating(let node):
      "node \(node) is joined to no driven node: the loop form needs a conducting path"
    case .singular: "a loop has no resistance at all: its current has no bound"
    case .nudgeTooLarge(let nudge, let bound):
      "a negative nudge of \(nudge) S: beyond lambda_min(S) = \(bound) S of the outputs the nudged "
        + "network has no stable state; choose a nudge below \(bound) S, or a positive one"
    case .invalid(let what, let value, let allowed):
      "\(what) is \(value); allowed is \(allowed)"
    case .circuit(let error): "\(error)"
    }
  }
}
