import Runs

extension Remark {
  /// The options of `train` that do what is advised, in parentheses, or nothing.
  ///
  /// - Parameter rule: the rule that was used; what it has already is not advised.
  /// - Returns: the options.
  func options(besides rule: RuleSettings) -> String {
    let options =
      switch kind {
      case .noBetter: ["--rule", "--balanced", "--pulse", "--epochs"]
      case .gatesAtLimits: ["--pulse", "--balanced", "--last-pulse"]
      case .pulseTooShort: ["--pulse", "--dead-band"]
      case .classNeverAnswered: ["--epochs", "--balanced"]
      case .unreachable: [String]()
      }
    let open = options.filter { $0 != "--balanced" || !rule.balanced }
    return open.isEmpty ? "" : " (\(open.joined(separator: ", ")))"
  }
}
