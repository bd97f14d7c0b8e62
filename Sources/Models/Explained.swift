/// How much of the variation of measured outputs a model explains.
struct Explained {
  private var count = 0.0
  private var sum = 0.0
  private var squares = 0.0
  private var missed = 0.0

  mutating func add(_ measured: [Double], _ expected: [Double]) {
    for (one, other) in zip(measured, expected) {
      count += 1
      sum += one
      squares += one * one
      missed += (one - other) * (one - other)
    }
  }

  /// 1 - (mean square miss) / (variance), 1 where nothing was added.
  var share: Double {
    let spread = squares - (count > 0 ? sum * sum / count : 0)
    return spread > 0 ? 1 - missed / spread : 1
  }
}
