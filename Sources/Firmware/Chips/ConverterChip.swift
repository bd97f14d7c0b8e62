/// The converter chips that there is a driver for, and the choice between the drivers. Those of a
/// board that do the same are of one kind, so that a frame always takes as long.
public enum ConverterChip: UInt8, Sendable {
  /// Driver: MCP4922.swift.
  case mcp4922
  /// Driver: MCP3208.swift.
  case mcp3208
}

extension BoardWiring {
  /// Sets a channel of a digital-to-analog converter.
  ///
  /// - Parameters:
  ///   - output: the channel.
  ///   - code: the code, or `nil` to shut the output down.
  ///   - lines: the lines.
  /// - Throws: what the lines throw.
  @inlinable
  func convert<L: Lines & ~Copyable>(
    _ output: ConverterChannel, code: UInt32?, on lines: inout L
  ) throws(L.Failure) {
    switch outputChip {
    case .mcp4922: try convertMCP4922(output, code: code, on: &lines)
    case .mcp3208: return
    }
  }

  /// Measures a channel of an analog-to-digital converter.
  ///
  /// - Parameters:
  ///   - input: the channel.
  ///   - lines: the lines.
  /// - Returns: the code, and whether the frame ended within `longestFrame` of its sample.
  /// - Throws: what the lines throw.
  @inlinable
  func measure<L: Lines & ~Copyable>(
    _ input: ConverterChannel, on lines: inout L
  ) throws(L.Failure) -> (code: UInt32, inTime: Bool) {
    switch inputChip {
    case .mcp3208: return try measureMCP3208(input, on: &lines)
    case .mcp4922: return (0, true)
    }
  }
}
