import Reports

extension Figure {
  /// The mean of values over seeds or boards, with their standard deviation.
  init(
    _ name: String, meanOf values: [Double], _ unit: Unit = .none, published: Double? = nil,
    bound: Bound = .shown
  ) {
    self.init(
      name, values.mean, unit, spread: .deviation(values.deviation), published: published,
      bound: bound)
  }

  /// The exponent of a power law, with its standard error.
  init(_ name: String, _ law: PowerLaw, published: Double?, bound: Bound) {
    self.init(
      name, law.exponent, spread: .standardError(law.error), published: published, bound: bound)
  }

  /// The mean of shares over seeds or boards, in percent.
  init(
    percent name: String, _ shares: [Double], published: Double? = nil, bound: Bound = .shown
  ) {
    let values = shares.map { 100 * $0 }
    self.init(
      name, values.mean, .percent,
      spread: values.count > 1 ? .deviation(values.deviation) : nil, published: published,
      bound: bound)
  }

  /// By how many points one set of shares is ahead of another, pair by pair (the same seed or
  /// board), with the mean difference's standard error as its spread.
  init(lead name: String, of ours: [Double], over theirs: [Double], bound: Bound = .shown) {
    let leads = zip(ours, theirs).map { 100 * ($0 - $1) }
    self.init(
      name, leads.mean, .points,
      spread: .standardError(leads.deviation / Double(max(leads.count, 1)).squareRoot()),
      bound: bound)
  }
}
