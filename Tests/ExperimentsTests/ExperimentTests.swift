import Foundation
import Reports
import Testing

@testable import Experiments

/// Every experiment in its short form.
@Suite(.serialized) struct ExperimentTests {
  static let names = Experiment.all.map(\.name)

  /// Whose short forms are quick; the models of the others are tested by themselves.
  static let quick = names.filter {
    !["subset", "output-only", "sat-mesh", "sat-board"].contains($0)
  }

  private func report(_ name: String) throws -> Report {
    let experiment = try #require(Experiment.all.first { $0.name == name })
    return try experiment.run(on: Bench(quick: true))
  }

  /// Numbers that no file may hold.
  private func strange(_ text: String) -> [String] {
    text.split { ",\n ".contains($0) }.map(String.init).filter {
      ["nan", "-nan", "inf", "-inf", "infinity"].contains($0.lowercased())
    }
  }

  @Test(arguments: quick)
  func `the short form comes out as it must be, in finite numbers`(_ name: String) throws {
    let report = try report(name)
    #expect(!report.figures.isEmpty)
    for figure in report.figures {
      #expect(figure.value.isFinite && figure.spread?.value.isFinite != false)
    }
    for figure in report.figures {
      #expect(
        figure.verdict != .missed,
        "\(figure.label): \(figure.value), published \(figure.published ?? .nan), \(figure.bound)"
      )
    }
    // Something is judged, not only shown.
    #expect(report.figures.contains { $0.verdict == .holds })
    for file in report.files {
      #expect(!file.text.isEmpty && strange(file.text).isEmpty, "\(file.name)")
      if file.name.hasSuffix(".csv") {
        let rows = file.text.split(separator: "\n")
        let fields = Set(
          rows.map { $0.split(separator: ",", omittingEmptySubsequences: false).count })
        #expect(fields.count == 1 && rows.count > 1, "\(file.name)")
      }
    }
    #expect(Set(report.files.map(\.name)).count == report.files.count)
    // A script draws only from files that are kept beside it.
    let kept = report.files.map(\.name)
    for script in report.files where script.name.hasSuffix(".gp") {
      for part in script.text.split(separator: "'") where part.hasSuffix(".csv") {
        #expect(kept.contains(String(part)), "\(part) in \(script.name)")
      }
    }
  }

  @Test(arguments: ["drift"])
  func `the same twice`(_ name: String) throws {
    let one = try report(name)
    let other = try report(name)
    #expect(one.figures == other.figures)
    #expect(one.files.map(\.text) == other.files.map(\.text))
  }

  @Test(arguments: names)
  func `an experiment that is asked to stop does, without a report`(_ name: String) throws {
    let experiment = try #require(Experiment.all.first { $0.name == name })
    #expect(throws: Stopped.self) {
      try experiment.run(on: Bench(quick: true, stopping: { true }))
    }
  }

  @Test func `names are different words and say what they are and how long they take`() {
    #expect(Set(Self.names).count == Self.names.count && Self.names.count >= 8)
    for experiment in Experiment.all {
      #expect(experiment.name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" })
      #expect(experiment.about.count > 20 && experiment.seconds > 0)
    }
  }
}
