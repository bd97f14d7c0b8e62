import ArgumentParser
import Files
import Foundation
import LinuxGPIO
import Reports
import Wiring

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says whether this computer can drive a board, and what to do where it cannot.",
    discussion: """
      Nothing is changed and no line is requested. Exit code 0 when the board could be driven, 69 or
      77 when not: for lack of a device or of permission.
      """)
  @Option(help: "The board whose lines are looked for: a name in board/ or a file.")
  var board = "lattice"
  @OptionGroup var output: OutputOptions

  func run() throws {
    try Exits.catching {
      let description = try BoardDescription.named(board)
      guard let wiring = description.wiring else { throw WiringError.none(board: description.name) }
      var report = Report()
      tellSystem(&report)
      tellChips(&report, wiring)
      tellBus(&report, wiring)
      tellSchedule(&report)
      tellCrashes(&report)
      tellWatchdog(&report)
      try output.show(
        [
          "board": JSONValue(description.name), "can_be_driven": JSONValue(report.failed == nil),
          "findings": .list(report.findings),
        ], text: report.text)
      if let failed = report.failed {
        try Exits.leave("the board '\(description.name)' cannot be driven from here", with: failed)
      }
    }
  }

  private func tellSystem(_ report: inout Report) {
    var name = utsname()
    uname(&name)
    func word<Characters>(_ characters: Characters) -> String {
      withUnsafeBytes(of: characters) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
    }
    report.good("kernel", "\(word(name.sysname)) \(word(name.release))")
    if libgpiodVersion.isEmpty {
      report.bad(
        "libgpiod", "not built in",
        "install libgpiod-dev and pkg-config, remove the folder .build, then build again",
        Exits.device)
    } else {
      report.good("libgpiod", libgpiodVersion)
    }
  }

  private func tellChips(_ report: inout Report, _ wiring: WiringDescription) {
    let all: (chips: [GPIOChip], refused: [String])
    do {
      all = try GPIOChip.all()
    } catch {
      return
    }
    // Other chips are not the board's concern.
    let found = Result { try GPIOChip.find(label: wiring.chip) }
    for path in all.refused {
      if case .success = found {
        report.add(.note, path, "may not be opened", "the board does not need it")
      } else {
        tellRefused(&report, path)
      }
    }
    for chip in all.chips {
      report.good(chip.path, "\(chip.label), \(chip.lineCount) lines")
    }
    if all.chips.isEmpty && all.refused.isEmpty {
      report.bad(
        "GPIO chips", "there is none",
        "use a computer with GPIO lines, such as a Raspberry Pi, or a kernel with CONFIG_GPIO_CDEV",
        Exits.device)
      return
    }
    if all.chips.isEmpty { return }
    do {
      let chip = try found.get()
      report.good("the board's chip", chip.label)
      let wires = Array(wiring.requested)
      let offsets = try chip.offsets(of: wires)
      let held = try chip.held(wires, at: offsets)
      if held.isEmpty {
        report.good("the board's lines", "all \(offsets.count) are there and free")
      }
      for line in held {
        report.bad(
          "\(line.role), line \(line.offset)", "held by \(line.owner)",
          "end that program, or switch SPI, I2C and the serial console off", Exits.device)
      }
    } catch {
      report.bad("the board's chip", "\(error)", "", Exits.device)
    }
    switch GPIOChip.released() {
    case .becomeInputs: report.good("released lines", "become inputs")
    case .stayDriven:
      report.add(
        .note, "released lines", "stay driven after a program's end",
        "dtparam=strict_gpiod in config.txt lets them go; the one-shot bounds LEARN either way")
    case nil:
      report.add(
        .note, "released lines", "no driver says whether they stay driven after a program's end",
        "the one-shot bounds LEARN either way")
    }
  }

  private func tellRefused(_ report: inout Report, _ path: String) {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let group = attributes?[.groupOwnerAccountName] as? String ?? "root"
    let mode = attributes?[.posixPermissions] as? Int ?? 0
    // Nobody should join the group root, and no group helps where it may not write.
    let rule = path.hasPrefix("/dev/spi") ? "SUBSYSTEM==\"spidev\"" : "SUBSYSTEM==\"gpio\""
    report.bad(
      path, "may not be opened",
      group != "root" && mode & 0o060 == 0o060
        ? "sudo usermod -aG \(group) $USER, then log in again"
        : "as root: groupadd -f gpio; usermod -aG gpio YOUR-NAME; put the line "
          + "\(rule), GROUP=\"gpio\", MODE=\"0660\" in /etc/udev/rules.d/60-gpio.rules; restart",
      Exits.permission)
  }

  private func tellBus(_ report: inout Report, _ wiring: WiringDescription) {
    let found = ((try? FileManager.default.contentsOfDirectory(atPath: "/dev")) ?? [])
      .filter { $0.hasPrefix("spidev") }.sorted()
    guard let spi = wiring.spi else {
      report.add(
        .note, "spidev", found.isEmpty ? "none" : found.joined(separator: ", "),
        found.isEmpty ? "" : "the board's lines SCLK, MOSI and MISO must not be the controller's")
      return
    }
    if !FileManager.default.fileExists(atPath: spi.device) {
      report.bad(
        spi.device, found.isEmpty ? "not there" : "not there, but \(found.joined(separator: ", "))",
        "switch the SPI controller on (dtoverlay=spi0-0cs), or leave spi out of wiring",
        Exits.device)
    } else if access(spi.device, R_OK | W_OK) != 0 {
      tellRefused(&report, spi.device)
    } else {
      report.good(spi.device, "there, for SCLK, MOSI and MISO")
    }
  }

  private func tellSchedule(_ report: inout Report) {
    let limit = kernelText("/proc/self/limits")?.split(separator: "\n")
      .first { $0.hasPrefix("Max realtime priority") }?.split(separator: " ").dropFirst(3).first
    let allowed = limit.map { $0 != "0" } ?? false || geteuid() == 0
    report.add(
      allowed ? .good : .note, "real-time priority", allowed ? "allowed" : "not allowed",
      allowed
        ? "chrt -f 10 tellegen train ... shortens the tails"
        : "a line '@gpio - rtprio 10' in /etc/security/limits.d lets chrt -f 10 shorten the tails")
    var resolution = timespec()
    clock_getres(CLOCK_MONOTONIC, &resolution)
    let nanoseconds = resolution.tv_sec * 1_000_000_000 + resolution.tv_nsec
    report.add(
      nanoseconds <= 1000 ? .good : .note, "clock", "\(nanoseconds) ns",
      nanoseconds <= 1000 ? "" : "a kernel with CONFIG_HIGH_RES_TIMERS times pulses better")
    if let source = kernelText("/sys/devices/system/clocksource/clocksource0/current_clocksource") {
      report.add(.good, "clock source", source, "")
    }
  }

  /// What was found, a line each.
  struct Report {
    enum Mark: String {
      case good = "ok  "
      case note = "note"
      case bad = "BAD "
    }
    var text = ""
    var findings: [JSONValue] = []
    var failed: ExitCode?

    mutating func add(_ mark: Mark, _ what: String, _ found: String, _ advice: String) {
      text += "\(mark.rawValue) \(what): \(found)\(advice.isEmpty ? "" : " -- \(advice)")\n"
      findings.append([
        "mark": JSONValue("\(mark)"), "what": JSONValue(what), "found": JSONValue(found),
        "advice": advice.isEmpty ? .null : JSONValue(advice),
      ])
    }
    mutating func good(_ what: String, _ found: String) { add(.good, what, found, "") }
    mutating func bad(_ what: String, _ found: String, _ advice: String, _ code: ExitCode) {
      add(.bad, what, found, advice)
      // Permission is what can be mended: it is named when anything is.
      failed = failed == Exits.permission ? failed : code
    }
  }
}
