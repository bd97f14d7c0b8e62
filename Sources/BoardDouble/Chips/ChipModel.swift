import Files
import Firmware

/// The chip at a select, by its model; the chain's registers are not selected alone and are none.
enum ChipModel: Sendable, Equatable, Codable {
  /// No converter.
  case none
  /// Model: MCP4922Model.swift.
  case mcp4922(MCP4922Model)
  /// Model: MCP3208Model.swift.
  case mcp3208(MCP3208Model)

  /// The model of a part, as it is when it gets its supply.
  init(_ part: WiringDescription.Part) {
    self =
      switch part.chip {
      case nil: .none
      case .mcp4922: .mcp4922(MCP4922Model())
      case .mcp3208: .mcp3208(MCP3208Model())
      }
  }

  /// A converter of the other direction, as somebody puts it into the wrong socket.
  var other: ChipModel {
    switch self {
    case .none: .none
    case .mcp4922: .mcp3208(MCP3208Model())
    case .mcp3208: .mcp4922(MCP4922Model())
    }
  }

  /// What an analog-to-digital converter does to its data line.
  struct Output {
    /// Whether a frame is under way whose bits have not all been read.
    var isConverting: Bool
    /// The level.
    var level: Bool
    /// When the sample ended.
    var sampled: Nanoseconds
  }

  /// Whether the counts and times are such as come about, and the chip is of the same kind.
  func isSound(like other: ChipModel) -> Bool {
    switch (self, other) {
    case (.none, .none): true
    case (.mcp4922(let model), .mcp4922): model.isSound
    case (.mcp3208(let model), .mcp3208): model.isSound
    default: false
    }
  }

  /// The chip is selected.
  mutating func begin() {
    switch self {
    case .none: break
    case .mcp4922(var model):
      model.begin()
      self = .mcp4922(model)
    case .mcp3208(var model):
      model.begin()
      self = .mcp3208(model)
    }
  }

  /// The clock rises while the chip is selected.
  mutating func clockRises(data: Bool) {
    switch self {
    case .none: break
    case .mcp4922(var model):
      model.clockRises(data: data)
      self = .mcp4922(model)
    case .mcp3208(var model):
      model.clockRises(data: data)
      self = .mcp3208(model)
    }
  }

  /// The clock falls while the chip is selected.
  /// - Returns: the channel to be sampled now.
  mutating func clockFalls() -> UInt8? {
    guard case .mcp3208(var model) = self else { return nil }
    let channel = model.clockFalls()
    self = .mcp3208(model)
    return channel
  }

  /// Takes a sample that was asked for.
  mutating func take(_ sample: UInt32, at time: Nanoseconds) {
    guard case .mcp3208(var model) = self else { return }
    model.take(sample, at: time)
    self = .mcp3208(model)
  }

  /// What the chip does to its data line; `nil` while it does nothing.
  var output: Output? {
    guard case .mcp3208(let model) = self, model.drives else { return nil }
    return Output(isConverting: model.isConverting, level: model.output, sampled: model.sampled)
  }

  /// What the frame said that ends as the chip is deselected.
  func end() -> Frame {
    guard case .mcp4922(let model) = self else { return .nothing }
    return model.end()
  }

  /// What a finished frame says.
  enum Frame {
    /// No clock came.
    case nothing
    /// A channel is set to a code, or shut down.
    case set(channel: UInt8, code: UInt32?)
    /// The number of clocks was wrong.
    case broken
  }
}
