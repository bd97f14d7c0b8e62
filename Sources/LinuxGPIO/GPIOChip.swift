package import CGPIOD
package import Files

/// A GPIO chip of this computer.
package struct GPIOChip: Sendable, Equatable {
  /// Where it is, such as `/dev/gpiochip0`. The number changes between kernels.
  package var path: String
  /// What the driver calls it, such as `pinctrl-bcm2711`; this stays.
  package var label: String
  /// How many lines it has.
  package var lineCount: Int

  /// The labels of the chip behind a Raspberry Pi's header, of every model.
  package static let headers = [
    "pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1", "pinctrl-bcm2712",
  ]

  /// What the kernel does with the outputs of a program that has ended.
  package enum Released: Sendable {
    /// They stay driven, as on stock Raspberry Pi kernels.
    case stayDriven
    /// They become inputs.
    case becomeInputs
  }

  /// What this kernel does with released outputs, by its own account: Raspberry Pi's drivers have a
  /// parameter for it. `nil` when no driver says so.
  ///
  /// - Parameter modules: the folder in which the kernel lists its drivers.
  /// - Returns: what becomes of them, or `nil`.
  package static func released(modules: String = "/sys/module") -> Released? {
    for driver in ["pinctrl_bcm2835", "pinctrl_rp1"] {
      let parameters = "\(modules)/\(driver)/parameters/"
      if let persist = kernelText(parameters + "persist_gpio_outputs") {
        return persist == "N" ? .becomeInputs : .stayDriven
      }
      // Its name for some weeks of 2024, with the opposite sense.
      if let strict = kernelText(parameters + "strict_gpiod") {
        return strict == "Y" ? .becomeInputs : .stayDriven
      }
    }
    return nil
  }

  /// A line as the kernel knows it.
  package struct Line: Sendable, Equatable {
    /// The line's name; empty for none.
    package var name: String
    /// Who holds it; `nil` when it is free.
    package var owner: String?
    /// Whether it is an output.
    package var isOutput: Bool
  }

  /// All chips that may be opened, and the paths of those that may not.
  /// - Throws: `LineError.noLibrary`.
  package static func all(
    calls: cgpiod_calls = cgpiod_kernel()
  ) throws(LineError) -> (chips: [GPIOChip], refused: [String]) {
    let (chips, refused, _) = try look(calls: calls)
    return (chips, refused)
  }

  /// As `all`, with the errno of the first chip that is there and does not say what it is; 0 for
  /// none.
  private static func look(
    calls: cgpiod_calls
  ) throws(LineError) -> (chips: [GPIOChip], refused: [String], failure: Int32) {
    var chips: [GPIOChip] = []
    var refused: [String] = []
    var failure: Int32 = 0
    // The kernel numbers chips from 0 on, and leaves a gap where one was removed.
    for number: UInt32 in 0..<128 {
      var chip = cgpiod_chip()
      switch -again({ calls.chip(calls.context, number, &chip) }) {
      case 0:
        chips.append(
          GPIOChip(
            path: text(chip.path), label: text(chip.label), lineCount: Int(chip.lines)))
      case noSuchCall: throw .noLibrary
      case notAllowed, notPermitted: refused.append("/dev/gpiochip\(number)")
      case noSuchFile, noSuchAddress: continue
      // What is no GPIO chip, or is one no longer, is no reason to refuse the others.
      case let errno: failure = failure == 0 ? errno : failure
      }
    }
    return (chips, refused, failure)
  }

  /// Finds the chip that a board hangs at: by the label its file gives, or, when that is the header
  /// of one Raspberry Pi, the header of another.
  package static func find(
    label: String, calls: cgpiod_calls = cgpiod_kernel()
  ) throws(LineError) -> GPIOChip {
    let (chips, refused, failure) = try look(calls: calls)
    let labels = [label] + (headers.contains(label) ? headers.filter { $0 != label } : [])
    for label in labels {
      if let chip = chips.first(where: { $0.label == label }) { return chip }
    }
    if let path = refused.first { throw .noPermission(path: path) }
    if failure != 0 { throw .failed(.look, errno: failure) }
    throw .noChip(labels: labels, found: chips.map { "\($0.label) (\($0.path))" })
  }

  /// What the kernel knows of a line.
  package func line(
    _ offset: Int, calls: cgpiod_calls = cgpiod_kernel()
  ) throws(LineError) -> Line {
    var line = cgpiod_line()
    let result = again { calls.line(calls.context, path, UInt32(offset), &line) }
    if result != 0 { throw .failed(.look, errno: -result) }
    let consumer = text(line.consumer)
    return Line(
      name: text(line.name), owner: line.used ? (consumer.isEmpty ? "the kernel" : consumer) : nil,
      isOutput: line.output)
  }

  /// The offsets of a wiring's lines, in its order.
  package func offsets(
    of wires: [WiringDescription.Wire], calls: cgpiod_calls = cgpiod_kernel()
  ) throws(LineError) -> [Int] {
    var named: [String: Int] = [:]
    if wires.contains(where: { if case .name = $0.line { true } else { false } }) {
      for offset in 0..<lineCount {
        let name = try line(offset, calls: calls).name
        if !name.isEmpty && named[name] == nil { named[name] = offset }
      }
    }
    var offsets: [Int] = []
    for wire in wires {
      let offset: Int?
      let written: String
      switch wire.line {
      case .offset(let number):
        offset = number < lineCount ? number : nil
        written = "\(number)"
      case .name(let name):
        offset = named[name]
        written = name
      }
      guard let offset else {
        throw .noLine(role: wire.role, line: written, chip: label, lines: lineCount)
      }
      // A name and a number may mean the same line.
      if let other = offsets.firstIndex(of: offset) {
        throw .sameLine(roles: [wires[other].role, wire.role], offset: offset, chip: label)
      }
      offsets.append(offset)
    }
    return offsets
  }

  /// The board's lines that somebody holds.
  package func held(
    _ wires: [WiringDescription.Wire], at offsets: [Int], calls: cgpiod_calls = cgpiod_kernel()
  ) throws(LineError) -> [LineError.Held] {
    var held: [LineError.Held] = []
    for (wire, offset) in zip(wires, offsets) {
      if let owner = try line(offset, calls: calls).owner {
        held.append(LineError.Held(role: wire.role, offset: offset, owner: owner))
      }
    }
    return held
  }
}
