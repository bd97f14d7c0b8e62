import ArgumentParser
import Files
import Firmware
import Foundation
import LinuxGPIO
import Reports
import Wiring

struct RestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rest",
    abstract: "Puts every line of a board at GPIO lines to rest and shuts its converters down.",
    discussion: """
      For after a kill, for an emergency stop and for service units (ExecStopPost): LEARN is off,
      nothing is selected, every drive holds, and all clamps and sources are shut down. It waits for
      no answer from the board, and doing it again changes nothing. All that it reads is how its own
      outputs stand: before, to say which it found away from rest (where that cannot be read it says
      so, and puts them to rest all the same), and after, to see that they are at rest.

      Exit code 0 when all is at rest; 69 when the chip or a line is not there, is held by another
      program, which is named, or does not go to rest; 77 when permission is lacking; 65 for a wrong
      board file and a board without wiring.
      """)
  @Option(help: "The board: a name in board/ or a file.")
  var board: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    try Exits.catching {
      // A signal waits until all is at rest.
      Interruption.watch()
      let description = try BoardDescription.named(board)
      guard let wires = description.wiring else { throw WiringError.none(board: description.name) }
      let wiring = try BoardWiring(
        description, sources: wires.sources.count,
        targets: min(wires.clamps.count, wires.targets.count))
      // The request itself puts the lines to rest.
      let lines = try LinuxLines(wires, wiring: wiring)
      var wired = WiredBoard(lines: lines, wiring: wiring)
      try wired.lines.rest()
      try wired.shutDownAll()
      try wired.lines.rest()
      let found = lines.leftBehind
      var text = ""
      if let failure = lines.lookFailure {
        text += "how the lines stood before could not be read: \(failure)\n"
      }
      if !found.isEmpty { text += "\(found.joined(separator: ", ")) stood away from rest\n" }
      do {
        try lines.checkRest()
      } catch {
        // What was found is said also where it could not be mended.
        print(output.json ? "" : text, terminator: "")
        throw error
      }
      text +=
        "\(description.name) at \(lines.chip.label): lines at rest, clamps and sources shut down\n"
      try output.show(
        [
          "board": JSONValue(description.name), "chip": JSONValue(lines.chip.label),
          "at_rest": true, "stood_away": JSONValue(found),
          "not_read": JSONValue(lines.lookFailure.map { "\($0)" }),
        ], text: text)
    }
  }
}
