import Runs

extension Remark {
  /// The options of `train` that do what is advised, in parentheses, or nothing.
  var options: String {
    switch kind {
    case .noBetter: " (--rule, --balanced, --pulse, --epochs)"
    case .gatesAtLimits: " (--pulse, --balanced, --last-pulse)"
    case .pulseTooShort: " (--pulse, --dead-band)"
    case .classNeverAnswered: " (--epochs, --balanced)"
    case .unreachable: ""
    }
  }
}
