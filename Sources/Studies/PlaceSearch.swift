import BoardDouble
package import Files
import Models
import Portable
package import Runs
import Targets

/// The search for where a task's channels go on a board: which node each source drives, and which
/// node each output is read at.
///
/// Candidates are drawn from the seed: half of them anywhere on the board, half in a neighbourhood.
/// The exact gradient on the ideal board judges them, briefly at first; the better ones longer, and
/// changed a little. The last few are trained by the rule on imperfect boards. Samples that the
/// seed holds out have no part in it.
package struct PlaceSearch: Sendable {
  /// Where channels go: node numbers in channel order.
  package struct Places: Sendable, Equatable, Hashable, Codable {
    /// The node of each source channel.
    package var sources: [Int]
    /// The node of each target channel.
    package var targets: [Int]

    /// Makes places.
    package init(sources: [Int], targets: [Int]) {
      self.sources = sources
      self.targets = targets
    }
  }

  /// How much is tried.
  package struct Extent: Sendable, Equatable, Codable {
    /// How many places are drawn.
    package var candidates: Int
    /// How many of the better ones are judged longer, and changed.
    package var survivors: Int
    /// How many rounds of changes there are.
    package var rounds: Int
    /// How many of the best are trained by the rule, each on so many boards; 0 for none.
    package var boards: Int

    /// Makes an extent.
    package init(candidates: Int, survivors: Int, rounds: Int, boards: Int) {
      self.candidates = candidates
      self.survivors = survivors
      self.rounds = rounds
      self.boards = boards
    }

    /// What `train` tries by itself: some seconds.
    package static let brief = Extent(candidates: 48, survivors: 8, rounds: 2, boards: 2)
    /// What `place` tries unless told otherwise.
    package static let thorough = Extent(candidates: 256, survivors: 16, rounds: 6, boards: 4)
  }

  /// One judgement, of places by a number of epochs or on boards.
  package struct Judged: Sendable, Equatable, Codable {
    /// The places.
    package var places: Places
    /// The round: 0 the draw, then the changes, last the boards.
    package var round: Int
    /// What they are compared by; less is better. See `ExactBound.cost`; on boards the error in V^2,
    /// or the share of wrong answers and a little of the error. `nil` where a circuit has no
    /// solution.
    package var cost: Double?
    /// The share of training samples that are right; `nil` without classes.
    package var accuracy: Double?
  }

  /// The task.
  package let task: TaskDescription
  /// The board.
  package let board: BoardDescription
  /// The seed of the draws, and of which samples train.
  package let seed: UInt64
  /// How much is tried.
  package let extent: Extent
  /// The rule that the last few are trained by.
  package let plan: Plan

  private static let purpose: UInt32 = 4001
  private static let changes: UInt32 = 4002

  /// Makes a search.
  ///
  /// - Parameters:
  ///   - task: the task.
  ///   - board: the board.
  ///   - plan: the rule of the last round, and the seed.
  ///   - extent: how much is tried.
  package init(task: TaskDescription, board: BoardDescription, plan: Plan, extent: Extent) {
    self.task = task
    self.board = board
    self.plan = plan
    seed = plan.seed
    self.extent = extent
  }

  /// How many judgements the search makes, about.
  package var count: Int {
    extent.candidates + (extent.rounds + 1) * extent.survivors
      + (extent.boards > 0 ? finalists * extent.boards : 0)
  }

  private var finalists: Int { min(3, extent.survivors) }

  /// Why there is nothing to search; `nil` where there is.
  package var obstacle: String? {
    let channels = task.inputs.count + task.outputs.channels
    if board.nodes.count < channels {
      return "the board has \(board.nodes.count) nodes for \(channels) channels"
    }
    return nil
  }

  /// Whether all places are alike: each default source is joined to each default target by a
  /// learning edge, and there are no other edges.
  package var isIndifferent: Bool {
    let sources = Set(board.sources)
    let targets = Set(board.targets)
    guard task.inputs.count <= board.sources.count, task.outputs.channels <= board.targets.count,
      board.edges.count == sources.count * targets.count, sources.isDisjoint(with: targets)
    else { return false }
    let pairs = Set(board.edges.map { [min($0.from, $0.to), max($0.from, $0.to)] })
    return pairs.count == board.edges.count && board.joinsChannelsOnly
  }

  /// The candidate of a number.
  package func candidate(_ number: Int) -> Places {
    let draw = Draw(seed: seed, purpose: Self.purpose, device: UInt32(truncatingIfNeeded: number))
    let channels = task.inputs.count + task.outputs.channels
    var pool = Array(board.nodes.indices)
    if number % 2 == 1 {
      // A neighbourhood: half as many nodes again as are needed, by their distance from one.
      pool = Array(neighbours(of: draw.index(0, below: pool.count)).prefix(channels * 3 / 2))
    }
    let order = draw.shuffledIndices(1, count: pool.count).map { pool[$0] }
    return Places(
      sources: Array(order.prefix(task.inputs.count)),
      targets: Array(order.dropFirst(task.inputs.count).prefix(task.outputs.channels)))
  }

  /// All nodes by their distance from one, over edges; those that no edge reaches last.
  private func neighbours(of centre: Int) -> [Int] {
    var adjacent = Array(repeating: [Int](), count: board.nodes.count)
    for edge in board.edges {
      adjacent[edge.from].append(edge.to)
      adjacent[edge.to].append(edge.from)
    }
    var order = [centre]
    var seen: Set = [centre]
    var next = 0
    while next < order.count {
      for node in adjacent[order[next]] where seen.insert(node).inserted { order.append(node) }
      next += 1
    }
    return order + board.nodes.indices.filter { !seen.contains($0) }
  }

  /// Places changed a little: two channels change nodes, or one moves to a free node.
  package func changed(_ places: Places, round: Int, number: Int) -> Places {
    let draw = Draw(
      seed: seed, purpose: Self.changes, device: UInt32(truncatingIfNeeded: round))
    var nodes = places.sources + places.targets
    let free = Set(board.nodes.indices).subtracting(nodes).sorted()
    let event = UInt64(number) * 8
    let channel = draw.index(event, below: nodes.count)
    let other = draw.index(event + 1, below: nodes.count - 1 + free.count)
    if other < nodes.count - 1 {
      nodes.swapAt(channel, other < channel ? other : other + 1)
    } else {
      nodes[channel] = free[other - (nodes.count - 1)]
    }
    return Places(
      sources: Array(nodes.prefix(places.sources.count)),
      targets: Array(nodes.dropFirst(places.sources.count)))
  }

  /// The solutions of an edge that one judgement of the first round may cost.
  private static let effort = 4e5

  /// Searches.
  ///
  /// - Parameters:
  ///   - known: judgements of this search from before, which are not made again.
  ///   - judging: is given each judgement as it is made, from any thread, and the best cost of its
  ///     round so far.
  ///   - stopping: asked often, from any thread.
  /// - Returns: the best places; `nil` when `stopping` said so.
  /// - Throws: `CircuitError` or `DescriptionError` where no candidate fits the board.
  package func best(
    known: [Judged] = [], judging: @escaping @Sendable (Judged) -> Void = { _ in },
    stopping: @escaping @Sendable () -> Bool = { false }
  ) throws -> Judged? {
    let memory = Dictionary(
      known.map { (Key(places: $0.places, round: $0.round), $0) }, uniquingKeysWith: { $1 })
    /// Judges places, on all cores.
    func judge(_ places: [Places], round: Int, effort: Double) throws -> [Judged] {
      try concurrently(places.count) { index in
        if let known = memory[Key(places: places[index], round: round)] { return known }
        let judged = try judged(places[index], round: round, effort: effort, stopping: stopping)
        if !stopping() { judging(judged) }
        return judged
      }
    }
    let better = { (one: Judged, other: Judged) in
      (one.cost ?? .infinity) < (other.cost ?? .infinity)
    }
    var drawn: [Places] = []
    if let place = try? task.place(on: board) {
      drawn.append(Places(sources: place.sources, targets: place.targets))
    }
    for number in 0..<extent.candidates - drawn.count { drawn.append(candidate(number)) }
    var pool = try judge(drawn, round: 0, effort: Self.effort).sorted(by: better)
    if stopping() { return nil }
    pool = try judge(
      pool.prefix(extent.survivors).map(\.places), round: 1, effort: 4 * Self.effort
    ).sorted(by: better)
    if stopping() { return nil }
    for round in 0..<extent.rounds {
      // The best have more children.
      let parents = max(extent.survivors / 4, 1)
      let children = (0..<extent.survivors).map { number in
        changed(pool[number % min(parents, pool.count)].places, round: round, number: number)
      }
      let fresh = children.filter { child in !pool.contains { $0.places == child } }
      pool += try judge(fresh, round: 2 + round, effort: 4 * Self.effort)
      pool = Array(pool.sorted(by: better).prefix(extent.survivors))
      if stopping() { return nil }
    }
    guard extent.boards > 0, pool[0].cost != nil else { return pool[0].cost == nil ? nil : pool[0] }
    let tried = try judgeOnBoards(
      pool.prefix(finalists).filter { $0.cost != nil }.map(\.places), memory, judging, stopping)
    if stopping() { return nil }
    return tried.min(by: better) ?? pool[0]
  }

  private struct Key: Hashable {
    var places: Places
    var round: Int
  }

  /// The task with its channels somewhere.
  package func task(at places: Places) -> TaskDescription {
    var placed = task
    placed.setPlaces(sources: places.sources, targets: places.targets, on: board)
    return placed
  }

  private func judged(
    _ places: Places, round: Int, effort: Double, stopping: () -> Bool
  ) throws -> Judged {
    var judged = Judged(places: places, round: round, cost: nil, accuracy: nil)
    let placed = task(at: places)
    let epochs = max(ExactBound.epochs(for: placed, on: board, effort: effort), 3)
    do {
      if let reached = try ExactBound.reached(
        by: placed, on: board, seed: seed, epochs: min(epochs, round == 0 ? 15 : 60),
        stopping: stopping)
      {
        judged.cost = reached.cost.isFinite ? reached.cost : nil
        judged.accuracy = reached.training.accuracy
      }
    } catch is TrainingError {
      // A circuit without a solution is no place to learn at.
    }
    return judged
  }

  /// Trains the best by the rule on imperfect boards.
  private func judgeOnBoards(
    _ places: [Places], _ memory: [Key: Judged], _ judging: @Sendable (Judged) -> Void,
    _ stopping: @Sendable () -> Bool
  ) throws -> [Judged] {
    let round = extent.rounds + 2
    let runs = places.indices.flatMap { index in (0..<extent.boards).map { (index, $0) } }
    let measured = try concurrently(runs.count) { run -> Measures? in
      let (index, number) = runs[run]
      if memory[Key(places: places[index], round: round)] != nil { return nil }
      var plan = plan
      // The same samples train; the parts are others.
      let placed = training(of: task(at: places[index]))
      plan.seed = seed &+ 7_919 &* UInt64(number + 1)
      plan.epochs = min(plan.epochs, 60)
      plan.keepsBest = false
      // Places are searched for the network; what is wrong with lines is no matter of places.
      var lineless = board
      lineless.lineFaults = []
      var session = try Session<DirectBoard>(description: lineless, task: placed, plan: plan)
      session.keepsCurve = false
      guard try session.begin(stopping: stopping) else { return nil }
      while !session.isFinished {
        guard try session.trainEpoch(stopping: { _ in stopping() }) else { return nil }
      }
      return session.progress.last?.training
    }
    return places.indices.map { index in
      if let known = memory[Key(places: places[index], round: round)] { return known }
      let own = zip(runs, measured).filter { $0.0.0 == index }.compactMap(\.1)
      let count = Double(max(own.count, 1))
      let error = own.reduce(0) { $0 + $1.error } / count
      let accuracy =
        task.classes.isEmpty ? nil : own.reduce(0) { $0 + ($1.accuracy ?? 0) } / count
      let judged = Judged(
        places: places[index], round: round, cost: accuracy.map { 1 - $0 + error } ?? error,
        accuracy: accuracy)
      if !stopping() { judging(judged) }
      return judged
    }
  }

  /// The task with its training samples alone, all of which train.
  private func training(of task: TaskDescription) -> TaskDescription {
    var own = task
    own.samples = Problem(task: task, seed: seed).training.map { task.samples[$0] }
    own.training = own.samples.count
    return own
  }
}
