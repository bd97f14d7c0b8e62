import Foundation
import TestSupport
import Testing

/// The end of a process, as a shell would say it.
func shellCode(_ process: Process) -> Int32 {
  process.terminationReason == .exit
    ? process.terminationStatus : 128 + process.terminationStatus
}

/// Expects that two runs ended with the same bytes.
func expectSame(_ tellegen: Program, _ one: String, _ other: String, _ what: String) throws {
  for name in ["record.json", "metrics.jsonl", "curves.csv"] {
    #expect(
      try tellegen.text("\(one)/\(name)") == tellegen.text("\(other)/\(name)"), "\(what): \(name)")
  }
}

extension Program {
  /// Starts `tellegen` with nobody listening to it.
  func start(_ arguments: [String]) throws -> Process {
    let process = try process(arguments)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try startListening(process)
    return process
  }
}
