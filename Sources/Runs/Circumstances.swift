package import Foundation
import Reports

/// When, where and by what a run was trained: a file of its own beside the record, which has only what
/// repeats to the byte.
///
/// Every sitting, from `train` or `train --resume` to its end, adds itself at its end; one that was
/// killed is missing.
public struct Circumstances: Sendable, Equatable, Codable {
  /// The name of the file in a run's folder.
  package static let file = "circumstances.json"
  /// How many sittings are kept, the last ones.
  static let most = 100

  /// The sittings, the last one last.
  public var sittings: [Sitting] = []
  /// How many earlier ones are no longer kept.
  public var dropped = 0

  /// None yet.
  package init() {}

  /// One process that trained the run.
  public struct Sitting: Sendable, Equatable, Codable {
    /// When it began and ended, ISO 8601, UTC.
    public var began: String
    /// When it ended.
    public var ended: String
    /// By a clock that is never set, s.
    public var wallTime: Double
    /// The board's own time at its end, s; virtual on the double.
    public var boardTime: Double
    /// The computer's name.
    public var host: String
    /// The program's version.
    public var program: String
    /// The version of libgpiod; `nil` where the program has none.
    public var library: String?
    /// What learned.
    public var target: RunSetting.Target
    /// How many epochs were trained before it.
    public var epochsBefore: Int
    /// How many epochs were trained after it.
    public var epochs: Int
    /// What was done to the pins that real parts would not forgive; `nil` where nobody watched them.
    public var misuses: PinMisuses?

    private enum CodingKeys: String, CodingKey {
      case began, ended, host, program, target, epochsBefore, epochs, misuses
      case library = "libgpiod"
      case wallTime = "wall_s"
      case boardTime = "board_s"
    }

    /// Makes a sitting's entry; the host is this computer.
    ///
    /// - Parameters:
    ///   - began: when it began.
    ///   - ended: when it ended.
    ///   - wallTime: how long it took, s.
    ///   - boardTime: the board's own time at its end, s.
    ///   - program: the program's version.
    ///   - library: the version of libgpiod.
    ///   - target: what learned.
    ///   - epochsBefore: how many epochs were trained before it.
    ///   - epochs: how many epochs were trained after it.
    ///   - misuses: what was done to the pins.
    package init(
      began: Date, ended: Date, wallTime: Double, boardTime: Double, program: String,
      library: String?, target: RunSetting.Target, epochsBefore: Int, epochs: Int,
      misuses: PinMisuses?
    ) {
      self.began = began.formatted(.iso8601)
      self.ended = ended.formatted(.iso8601)
      self.wallTime = wallTime
      self.boardTime = boardTime
      var name = utsname()
      uname(&name)
      host = withUnsafeBytes(of: name.nodename) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      self.program = program
      self.library = library
      self.target = target
      self.epochsBefore = epochsBefore
      self.epochs = epochs
      self.misuses = misuses
    }
  }

  /// Adds a sitting.
  package mutating func add(_ sitting: Sitting) {
    sittings.append(sitting)
    let surplus = max(sittings.count - Circumstances.most, 0)
    sittings.removeFirst(surplus)
    dropped += surplus
  }
}

/// What was done to the pins that real parts would not forgive.
public struct PinMisuses: Sendable, Equatable, Codable {
  /// A rule that was broken: how often, and the first time of it.
  public struct Broken: Sendable, Equatable, Codable {
    /// The rule.
    public var rule: String
    /// How often.
    public var count: Int
    /// When it first was, on the board's clock, s.
    public var first: Double
    /// The lines concerned then, by their names.
    public var lines: [String]
    /// The edges and chips concerned then, as far as they are known.
    public var parts: [String]

    enum CodingKeys: String, CodingKey {
      case rule, count, lines, parts
      case first = "first_s"
    }

    /// Makes a count.
    public init(rule: String, count: Int, first: Double, lines: [String], parts: [String]) {
      self.rule = rule
      self.count = count
      self.first = first
      self.lines = lines
      self.parts = parts
    }

    /// When, where and which rule.
    public var occasion: String {
      let places = [lines.count > 1 ? "lines" : "line", lines.joined(separator: ", ")]
      let names = (lines.isEmpty ? [] : [places.joined(separator: " ")]) + parts
      return "at \(Format.moment(first)), \(names.joined(separator: ", ")): \(rule)"
    }

    /// The rule, how often it was broken and when first, for people.
    public var words: String {
      count == 1 ? "once, \(occasion)" : "\(count) times, first \(occasion)"
    }
  }

  /// How often.
  public var count: Int
  /// The first ones, in words.
  public var first: [String]
  /// The rules that were broken, in the order in which they first were; `nil` of a record of a version that
  /// did not tell.
  public var byRule: [Broken]?

  /// Makes a count.
  public init(count: Int, first: [String], byRule: [Broken]? = nil) {
    self.count = count
    self.first = first
    self.byRule = byRule
  }

  /// How many, in words.
  public var words: String { count == 1 ? "1 misuse of the pins" : "\(count) misuses of the pins" }
}
