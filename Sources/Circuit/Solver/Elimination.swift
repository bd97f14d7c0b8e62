/// The linear system of one Newton step.
extension SolverState {
  /// Replaces `step` by the Newton step at the evaluated voltages and returns its largest
  /// magnitude. Uses up the entries.
  func newtonStep(damping: Double) -> Double {
    let freeCount = order.freeCount
    let entryCount = order.entryCount
    for index in 0..<freeCount {
      sides[index] = SIMD2(inflow[index], entries[entryCount + index].x + damping)
    }
    var target = 0
    for k in 0..<freeCount {
      let begin = Int(start[k])
      let end = Int(start[k + 1])
      let side = sides[k]
      var pivot = side.y
      for p in begin..<end { pivot += entries[p].x }
      pivots[k] = pivot
      let inverse = 1 / pivot
      let scaled = SIMD2(side.x * inverse, side.y)
      step[k] = scaled.x
      for p in begin..<end {
        let entry = entries[p] * SIMD2(1, inverse)
        entries[p] = entry
        sides[Int(reach[p])] += entry * scaled
      }
      var p = begin
      while p < end {
        let pair = entries[p]
        let swapped = SIMD2(pair.y, pair.x)
        var q = p + 1
        while q < end {
          entries[Int(targets[target])] += entries[q] * swapped
          target += 1
          q += 1
        }
        p += 1
      }
    }
    var largest = 0.0
    var k = freeCount - 1
    while k >= 0 {
      var value = step[k]
      for p in Int(start[k])..<Int(start[k + 1]) { value += entries[p].y * step[Int(reach[p])] }
      step[k] = value
      largest = value.magnitude > largest ? value.magnitude : largest
      k -= 1
    }
    return largest
  }
}
