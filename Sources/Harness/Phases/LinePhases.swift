import Files
import Firmware
package import Runs
package import Targets

/// Lines at rest: what must be seen before anything is sent.
package enum IdlePhase: Phase {
  package static let name = "idle"
  package static let about = "Every line stands at its level of rest before anything is sent."
  package static let isBarrier = true
  package static let remedy =
    "something else drives the line, or its pull is missing: switch off what shares the header (SPI, "
    + "I2C, serial console), then look at the line with a meter"

  package static func skipping(on target: RunSetting.Target, _ subject: Subject) -> String? {
    target == .double ? "the double direct has no lines; --target pins has" : nil
  }

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    for line in try target.linesAway() ?? [] { log.find("line \(line) stands away from rest") }
  }
}

/// The shift chains bring back what is sent.
package enum ChainPhase: Phase {
  package static let name = "chain"
  package static let about =
    "A pattern that holds every gate comes back through the chains as it was sent."
  package static let isBarrier = true
  package static let remedy =
    "follow MOSI, SCLK and the serial outputs from chip to chip; a chain that is one bit short has a "
    + "chip left out"

  package static func skipping(on target: RunSetting.Target, _ subject: Subject) -> String? {
    let name = subject.description.name
    guard let wiring = subject.description.wiring else {
      return "board \(name) has no wiring, and so no chains"
    }
    if wiring.kind != .chains {
      return
        "board \(name) has a line for each edge and no chains, so nothing has to come back; wiring, look "
        + "and gates find faults of those lines"
    }
    return target == .double ? "the double direct has no chains; --target pins has" : nil
  }

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    if try target.chainComesBack() == false {
      log.find("the drive pattern does not come back through the chain as it was sent")
      let diagnosis = try ChainDiagnosis(&target, subject)
      if let level = diagnosis?.steady {
        log.find(
          "MISO stays \(level ? "high" : "low") whatever is selected: something holds it there, or the chain's "
            + "registers have no supply")
      }
      for mistakes in diagnosis?.named ?? [] {
        WiringPhase.tell(mistakes, "before any pulse", subject, &log)
      }
    }
  }
}
