import ArgumentParser
import Description
import Foundation
import Reproduction
struct ScratchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scratch")
  @Argument var names: [String]
  func run() throws {
    let all: [String: @Sendable (ExperimentContext) throws -> ExperimentResult] = ["gradients": reproduceGradients, "subset": reproduceSubset, "output-only": reproduceOutputOnly, "sat-microring": reproduceMicroring, "sat-mesh": reproduceMesh, "sat-board": reproduceBoardTransfer]
    for n in names {
      let t = Date()
      let r = try all[n]!(ExperimentContext(progress: { FileHandle.standardError.write(Data("\(Int(Date().timeIntervalSince(t))) s \($0)\n".utf8)) }))
      for t in r.tables { print(t.text) }
      for c in r.claims { print(c.holds ? "ok  " : "NOT ", c.text, ":", c.measured) }
      print("time", Date().timeIntervalSince(t))
    }
  }
}
