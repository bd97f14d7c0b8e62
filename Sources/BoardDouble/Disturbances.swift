import Files
import Firmware
import Portable

/// What happens to a whole board while it runs, as the double keeps it: without it no bit changes.
struct Disturbances: Sendable {
  private let jumps: [(at: Int64, by: Int64)]
  private let sags: [(from: Int64, until: Int64, part: Double)]
  private let late: (by: Int64, share: Double)?
  /// The seed of which ticks come late.
  var seed: UInt64

  /// What is put on a board.
  init(_ description: BoardDescription, seed: UInt64) {
    self.seed = seed
    func whole(_ seconds: Double) -> Int64 { Nanoseconds(seconds: seconds).count }
    var jumps: [(at: Int64, by: Int64)] = []
    var sags: [(from: Int64, until: Int64, part: Double)] = []
    var late: (by: Int64, share: Double)?
    for disturbance in description.disturbances {
      switch disturbance {
      // A board is powered up at 0: what happens then comes with the first that it does.
      case .clockJump(let by, let at): jumps.append((max(1, whole(at)), whole(by)))
      case .supplySag(let part, let at, let lasting):
        sags.append((whole(at), whole(at) + whole(lasting), part))
      case .lateTicks(let by, let share): late = (whole(by), share)
      }
    }
    self.jumps = jumps.sorted { $0.at < $1.at }
    self.sags = sags
    self.late = late
  }

  /// When something ends that was to end at a time: after every jump that comes until then.
  ///
  /// - Parameters:
  ///   - end: when it was to end.
  ///   - start: when it began.
  /// - Returns: when it ends.
  func end(of end: Nanoseconds, from start: Nanoseconds) -> Nanoseconds {
    var end = end.count
    for jump in jumps where start.count < jump.at && jump.at <= end { end += jump.by }
    return Nanoseconds(end)
  }

  /// By how much a wait that begins at a time ends late.
  func lateness(at time: Nanoseconds) -> Nanoseconds {
    guard let late else { return .zero }
    let draw = Purpose.lateTick.draw(seed, 0).uniform(UInt64(bitPattern: time.count))
    return draw < late.share ? Nanoseconds(late.by) : .zero
  }

  /// A pulse in pieces of one supply each; one piece where nothing happens to it.
  ///
  /// - Parameters:
  ///   - start: when the pulse begins.
  ///   - end: when it ends.
  /// - Returns: how long each lasts, s, and what part of the supply there is.
  func pieces(
    from start: Nanoseconds, to end: Nanoseconds
  ) -> [(seconds: Double, part: Double)] {
    let length = max(end.count &- start.count, 0)
    let near = sags.filter { $0.from < end.count && $0.until > start.count }
    if near.isEmpty { return [(Double(length) * 1e-9, 1)] }
    let inside = near.flatMap { [$0.from, $0.until] }.filter { $0 > start.count && $0 < end.count }
    let edges = [start.count] + Set(inside).sorted() + [end.count]
    return zip(edges, edges.dropFirst()).map { from, until in
      let part = near.filter { $0.from <= from && $0.until > from }.map(\.part).min() ?? 1
      return (Double(until - from) * 1e-9, part)
    }
  }
}
