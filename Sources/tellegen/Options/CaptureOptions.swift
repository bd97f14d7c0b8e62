#if Simulation
public import ArgumentParser

/// What a logic analyser's capture is, and which of its channels shows which line.
struct CaptureOptions: ParsableArguments {
  @Option(
    help:
      """
      A logic analyser's capture of the run: a value change dump (.vcd), or a sigrok session (.sr), \
      for which sigrok-cli is needed.
      """)
  var capture: String?
  @Option(
    help: "With --capture: which channel shows which line, such as LEARN=D0,SCLK=D1.")
  var channels: String?
  @Option(
    name: .customLong("sample-rate"),
    help:
      "With --capture: the analyser's sample rate, such as 1MHz, where the file does not have it.")
  var sampleRate: String?

  /// Refuses what cannot be.
  func check() throws(ValidationError) {
    if capture == nil && (channels != nil || sampleRate != nil) {
      throw ValidationError("--channels and --sample-rate go with --capture FILE")
    }
    _ = try samplePeriod
    _ = try pairs
  }

  /// The time between two samples, ns.
  var samplePeriod: Int64? {
    get throws(ValidationError) {
      guard let sampleRate else { return nil }
      let number = sampleRate.prefix { $0.isNumber || $0 == "." }
      let scale = ["": 1.0, "Hz": 1, "k": 1e3, "kHz": 1e3, "M": 1e6, "MHz": 1e6, "GHz": 1e9]
      guard let count = Double(number),
        let unit = scale[String(sampleRate.dropFirst(number.count))],
        count * unit >= 1, count * unit <= 1e10
      else {
        throw ValidationError(
          "--sample-rate is '\(sampleRate)'; give a number with Hz, kHz, MHz or GHz, from 1 Hz to 10 GHz"
        )
      }
      return max(1, Int64((1e9 / (count * unit)).rounded()))
    }
  }

  /// Lines and the channels that show them, as they were given.
  var pairs: [(line: String, channel: String)] {
    get throws(ValidationError) {
      guard let channels else { return [] }
      var pairs: [(line: String, channel: String)] = []
      for pair in channels.split(separator: ",", omittingEmptySubsequences: false) {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
          throw ValidationError(
            "--channels has '\(pair)'; give LINE=CHANNEL, separated by commas, such as LEARN=D0,SCLK=D1"
          )
        }
        pairs.append((String(parts[0]), String(parts[1])))
      }
      return pairs
    }
  }
}
#endif
