import Firmware

/// Lines that are lent, tried in each other's roles: what is meant for the line of one role goes to another.
///
/// It must not outlive the loan.
struct ExchangedLines<Base: Lines & ~Copyable>: Lines {
  /// The failures of the lines.
  typealias Failure = Base.Failure

  private let base: UnsafeMutablePointer<Base>
  private let lines: [Int]
  private let budget: PulseBudget

  /// Lends lines on.
  ///
  /// - Parameters:
  ///   - base: the lines.
  ///   - lines: the line that each role is tried at.
  ///   - budget: counts for how long each line is high.
  init(_ base: UnsafeMutablePointer<Base>, lines: [Int], _ budget: PulseBudget) {
    self.budget = budget
    self.base = base
    self.lines = lines
  }

  /// Where the lines of some roles are.
  func at(_ roles: LineSet) -> LineSet {
    var moved: UInt64 = 0
    for (role, line) in lines.enumerated() {
      moved |= (roles.bits >> UInt64(role) & 1) << UInt64(line)
    }
    return LineSet(bits: moved)
  }

  mutating func write(_ levels: LineSet, mask: LineSet) throws(Failure) {
    try budget.write(at(levels), mask: at(mask), to: &base.pointee)
  }

  mutating func read(mask: LineSet) throws(Failure) -> LineSet {
    let levels = try base.pointee.read(mask: at(mask))
    var moved: UInt64 = 0
    for (role, line) in lines.enumerated() {
      moved |= (levels.bits >> UInt64(line) & 1) << UInt64(role)
    }
    return LineSet(bits: moved)
  }

  mutating func wait(_ duration: Nanoseconds) throws(Failure) {
    try base.pointee.wait(duration)
  }

  mutating func now() throws(Failure) -> Nanoseconds { try base.pointee.now() }
}
