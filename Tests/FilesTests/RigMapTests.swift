import Files
import Foundation
import Testing

@Suite struct RigMapTests {
  private func read(_ text: String) throws -> RigMap {
    try RigMap.read(text: text, file: "maps/rigs.yaml")
  }

  @Test func `a map says where boards hang and what is fitted there`() throws {
    let map = try read(
      """
      rigs:
        one: {board: breadboard, target: gpio, chip: pinctrl-rp1, board_id: "7", calibration: 7.json, fixtures: [meter, loopback], note: "Left shelf."}
        two: {board: ../mine.yaml, target: pins}
      """)
    let one = try #require(map.rig(named: "one"))
    #expect(one.board == "breadboard" && one.target == "gpio" && one.chip == "pinctrl-rp1")
    #expect(one.boardID == "7" && one.calibration == "maps/7.json" && one.note == "Left shelf.")
    #expect(one.fixtures == ["meter", "loopback"])
    let two = try #require(map.rig(named: "two"))
    #expect(two.board == "maps/../mine.yaml" && two.fixtures.isEmpty && two.chip == nil)
    #expect(map.rig(named: "three") == nil)
  }

  @Test(arguments: [
    ("rigs: {one: {board: b, target: gpoi}}", 1, "(did you mean gpio?)"),
    ("rigs:\n  one: {target: pins}", 2, "needs the key \"board\""),
    ("rigs:\n  one: {board: b, target: pins, chip: c}", 2, "a double has none"),
    ("rigs:\n  one: {board: b, target: pins, fixtures: [lamp]}", 2, "loopback, meter, load"),
    ("rigs:\n  one: {board: b, target: pins}\n  one: {board: c, target: pins}", 2, "given twice"),
    ("rigs:\n  a/b: {board: b, target: pins}", 2, "letters, digits"),
    ("boards: {}", 1, "unknown key"),
  ])
  func `what is wrong in a map is said with its line`(
    _ text: String, _ line: Int, _ says: String
  ) throws {
    let error = try #require(throws: DescriptionError.self) { try read(text) }
    #expect(error.line == line && error.message.contains(says), "\(error)")
  }

  @Test func `the user's own map goes before the shipped one, and all names are listed`() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/rig-maps-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: folder + "/tellegen", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try "rigs: {double-lattice: {board: breadboard, target: double}}".write(
      toFile: folder + "/tellegen/rigs.yaml", atomically: true, encoding: .utf8)
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    let places = RigMap.places(environment: ["XDG_CONFIG_HOME": folder], near: [root])
    #expect(places == [folder + "/tellegen/rigs.yaml", root + "/hil/rigs.yaml"])
    #expect(try RigMap.find("double-lattice", in: places).rig.board == "breadboard")
    #expect(try RigMap.find("double-breadboard", in: places).file == places[1])
    let error = try #require(throws: DescriptionError.self) {
      try RigMap.find("double-latice", in: places)
    }
    #expect(error.message.contains("did you mean double-lattice?"), "\(error)")
    // The same folder may be searched twice, and a name be in two maps: each is told once.
    let twice = try #require(throws: DescriptionError.self) {
      try RigMap.find("nothing", in: places + places)
    }
    #expect(twice.message.ranges(of: "double-lattice").count == 1, "\(twice)")
    #expect(twice.message.ranges(of: "double-breadboard").count == 1, "\(twice)")
    #expect(
      RigMap.places(environment: ["XDG_CONFIG_HOME": "here", "HOME": "/h"], near: []) == [
        "/h/.config/tellegen/rigs.yaml"
      ])
    #expect(
      RigMap.places(environment: ["HOME": "/h"], near: ["."]) == [
        "/h/.config/tellegen/rigs.yaml", "hil/rigs.yaml",
      ])
  }
}
