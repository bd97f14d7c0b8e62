/// What a run asked of the lines of a GPIO chip.
public struct LineStatistics: Sendable, Equatable, Codable {
  /// How long operations took, ns, as their caller saw it.
  public struct Latency: Sendable, Equatable, Codable {
    /// What half of them did not exceed.
    public var median: Int64
    /// What 99 % did not exceed.
    public var p99: Int64
    /// What 99.9 % did not exceed.
    public var p999: Int64
    /// The longest.
    public var longest: Int64

    /// Makes a summary.
    public init(median: Int64, p99: Int64, p999: Int64, longest: Int64) {
      self.median = median
      self.p99 = p99
      self.p999 = p999
      self.longest = longest
    }
  }

  /// What went over the serial bus.
  public struct Exchanges: Sendable, Equatable, Codable {
    /// How many exchanges there were; each is one ioctl.
    public var count: Int
    /// How long they took.
    public var latency: Latency

    /// Makes a count.
    public init(count: Int, latency: Latency) {
      self.count = count
      self.latency = latency
    }
  }

  /// How many operations training steps took: writes, reads and exchanges.
  public struct Steps: Sendable, Equatable, Codable {
    /// How many steps were counted.
    public var count = 0
    /// The operations of all of them.
    public var operations = 0
    /// The least of a step.
    public var least = 0
    /// The most of a step.
    public var most = 0

    /// No step yet.
    public init() {}

    /// Counts a step.
    public mutating func add(_ step: Int) {
      least = count == 0 ? step : min(least, step)
      most = max(most, step)
      count += 1
      operations += step
    }
  }

  /// The chip's label.
  public var chip: String
  /// libgpiod's version.
  public var library: String
  /// How many writes there were; each is one ioctl.
  public var writes: Int
  /// How many reads there were; each is one ioctl.
  public var reads: Int
  /// How long they took.
  public var latency: Latency
  /// The exchanges, where the board has a serial bus.
  public var exchanges: Exchanges?
  /// The operations of training steps.
  public var steps: Steps
  /// The roles of the lines that a killed program had left away from rest.
  public var leftBehind: [String]
  /// How many epochs had been trained before the run was resumed; all that is counted here came
  /// after them. `nil` where it was not resumed.
  public var epochsBefore: Int?

  /// Makes statistics.
  public init(
    chip: String, library: String, writes: Int, reads: Int, latency: Latency,
    exchanges: Exchanges?, steps: Steps, leftBehind: [String], epochsBefore: Int?
  ) {
    self.chip = chip
    self.library = library
    self.writes = writes
    self.reads = reads
    self.latency = latency
    self.exchanges = exchanges
    self.steps = steps
    self.leftBehind = leftBehind
    self.epochsBefore = epochsBefore
  }
}
