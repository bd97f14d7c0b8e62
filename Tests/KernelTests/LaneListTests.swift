import Foundation
import TestSupport
import Testing

/// No lane is lost: what `hil/run` knows, what there are suites of and what `make hil` runs are the
/// same.
@Suite struct LaneListTests {
  /// The names that `hil/run` knows.
  private func names() throws -> [String] {
    let end = try call(packageRoot + "/hil/run", ["--names"])
    try #require(end.code == 0)
    return end.output.split { $0 == " " || $0 == "\n" }.map(String.init)
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: packageRoot + "/" + name, encoding: .utf8)
  }

  @Test func `each name is a suite's, and each suite has a name`() throws {
    var suites: Set<String> = []
    let folder = packageRoot + "/Tests/KernelTests"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder)
    where name.hasSuffix(".swift") {
      for found in try text("Tests/KernelTests/" + name)
        .matches(of: #/@Suite struct ([A-Za-z]+)Lane /#)
      {
        suites.insert(found.1.lowercased())
      }
    }
    #expect(Set(try names().map { $0.replacingOccurrences(of: "-", with: "") }) == suites)
  }

  @Test func `make hil runs each`() throws {
    var lanes: Set<String> = []
    for line in try text("Makefile").split(separator: "\n") {
      for list in ["system", "quiet", "beside", "front"] where line.hasPrefix("hil: \(list) = ") {
        lanes.formUnion(line.split(separator: " ").dropFirst(3).map(String.init))
      }
    }
    let names = Set(try names())
    #expect(lanes == names, "\(lanes.symmetricDifference(names).sorted())")
  }

  @Test func `a name that is no lane's is refused with all that there are`() throws {
    let end = try call(packageRoot + "/hil/run", ["--names", "breadboard", "breadbord"])
    #expect(end.code == 64)
    #expect(end.output.contains("there is no lane 'breadbord'"))
    for name in try names() { #expect(end.output.contains(name)) }
  }

  @Test(arguments: ["boot", "kernel", "libgpiod", "run", "sim"])
  func `a script of hil explains itself and does nothing`(_ name: String) throws {
    let end = try call(packageRoot + "/hil/" + name, ["--help"])
    #expect(end.code == 0)
    #expect(end.output.contains("hil/\(name)"), "\(end.output)")
  }
}
