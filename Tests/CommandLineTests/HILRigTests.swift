import Foundation
import Testing

/// Rigs as a user types them: the rig map, the lock, wedged rigs, retries and traces of `tellegen hil`.
@Suite struct HILRigTests {
  /// Runs a body in a folder that has the package's boards, scenarios and rigs.
  private func inPackage(_ body: (Program) throws -> Void) throws {
    try Program.run { tellegen in
      for name in ["board", "hil", "task", "data"] {
        try FileManager.default.createSymbolicLink(
          atPath: tellegen.path(name), withDestinationPath: packageRoot + "/" + name)
      }
      try tellegen.write("name: gates-alone\nphases: [gates]\n", to: "gates.yaml")
      try body(tellegen)
    }
  }

  /// The record of an attempt.
  private func record(_ tellegen: Program, _ folder: String) throws -> [String: Any] {
    let text = try tellegen.text(folder + "/record.json")
    return try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// What an attempt's scenarios ended with.
  private func outcomes(_ tellegen: Program, _ folder: String) throws -> [String] {
    let scenarios = try #require(
      try record(tellegen, folder)["scenarios"] as? [[String: Any]])
    return scenarios.compactMap { $0["outcome"] as? String }
  }

  /// Expects the record of scenarios that were not begun, for a cause, in every file that has one.
  private func expectNotStarted(_ tellegen: Program, _ folder: String, _ cause: String) throws {
    #expect(try outcomes(tellegen, folder) == ["NOT-STARTED"])
    for file in ["record.json", "junit.xml", "report.html"] {
      let text = try tellegen.text(folder + "/" + file)
      #expect(text.contains("NOT-STARTED") && text.contains(cause), "\(file): \(text)")
    }
    #expect(try tellegen.text(folder + "/junit.xml").contains("errors=\"1\""))
  }

  private let lattice = ["hil", "--rig", "double-lattice", "--ensemble", "100"]
  private let broken = "{line: MISO, is: stuck_low, attempts: 1}"

  @Test func `a rig has its board, target and fixtures from the map`() throws {
    try inPackage { tellegen in
      let bare = try tellegen(
        "hil", "--board", "lattice", "--target", "pins", "--scenario", "loopback")
      #expect(bare.code == 0 && bare.output.contains("SKIP: it needs the fixture loopback"))
      let end = try tellegen(lattice + ["--scenario", "loopback"])
      #expect(end.code == 0 && end.output.contains("loopback     PASS"), "\(end.errors)")
      #expect(tellegen.exists("runs/hil-double-lattice-1/record.json"))
      try tellegen.write(
        "rigs: {mine: {board: board/lattice.yaml, target: pins, fixtures: [meter]}}",
        to: "mine.yaml")
      let lacks = try tellegen(
        "hil", "--rig", "mine", "--rigs", "mine.yaml", "--scenario", "loopback", "--out", "lacks")
      #expect(
        lacks.output.contains("rig mine of mine.yaml does not list it under fixtures"),
        "\(lacks.output)\(lacks.errors)")
      #expect(try record(tellegen, "lacks")["rig"] as? String == "mine")
    }
  }

  @Test(arguments: [
    (["--rig", "double-latice"], Int32(65), "did you mean double-lattice?"),
    (["--rig", "double-lattice", "--target", "gpio"], 64, "leave --board and --target out"),
    (["--rig", "double-lattice", "--rigs", "none.yaml"], 65, "there is no such rig map"),
    (["--rigs", "none.yaml"], 64, "say by --rig"),
    (["--recover"], 64, "give --rig NAME"),
    (["--recover", "--rig", "double-lattice", "--retry", "1"], 64, "leave --scenario"),
    (["--retry", "101"], 64, "allowed is 0 ... 100"),
    (["--trace"], 64, "has no lines"),
  ])
  func `what is no rig is refused with its reason`(
    _ words: [String], _ code: Int32, _ told: String
  ) throws {
    try inPackage { tellegen in
      let end = try tellegen(["hil"] + words)
      #expect(end.code == code && end.errors.contains(told), "\(end.errors)")
      #expect(!tellegen.exists("runs"))
    }
  }

  /// Starts attempts that take some seconds, and waits until they have the rig.
  private func startAttempts(_ tellegen: Program) throws -> Process {
    let process = try tellegen.process(
      [
        "hil", "--rig", "double-breadboard", "--scenario", "bring-up", "--repeat", "1000",
        "--ensemble", "100", "--out", "first",
      ])
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try startListening(process)
    #expect(firstLine(of: output.fileHandleForReading.fileDescriptor).hasPrefix("bring-up"))
    // Nobody reads on: what is written there must not stop the attempts.
    output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    return process
  }

  @Test func `a rig is one process's; what a killed one left is drained first`() throws {
    try inPackage { tellegen in
      let process = try startAttempts(tellegen)
      let id = process.processIdentifier
      let words = [
        "hil", "--rig", "double-breadboard", "--scenario", "selftest", "--ensemble", "100",
      ]
      let refused = try tellegen(words + ["--out", "refused"])
      #expect(refused.code == 75, "\(refused.errors)")
      for said in ["process \(id)", "--repeat 1000", "first", "wait for its end"] {
        #expect(refused.errors.contains(said), "\(refused.errors)")
      }
      try expectNotStarted(tellegen, "refused", "process \(id)")
      kill(id, SIGKILL)
      process.waitUntilExit()
      let next = try tellegen(words + ["--out", "next"])
      #expect(next.code == 0, "\(next.errors)")
      #expect(next.errors.contains("was not put to rest by process \(id)"), "\(next.errors)")
      #expect(next.output.contains("drain        PASS"), "\(next.output)")
      let last = try tellegen(words + ["--out", "last"])
      #expect(!last.output.contains("drain") && !last.errors.contains("put to rest"))
    }
  }

  @Test func `a rig that does not answer is refused until it is recovered`() throws {
    try inPackage { tellegen in
      let run = lattice + ["--scenario", "gates.yaml"]
      let first = try tellegen(run + ["--fault", broken, "--out", "first"])
      #expect(first.code == 69, "\(first.errors)")
      #expect(
        first.errors.contains("nobody may use it until tellegen hil --recover --rig double-lattice")
      )
      let refused = try tellegen(run + ["--out", "refused"])
      #expect(refused.code == 76, "\(refused.errors)")
      for said in [
        "is wedged since", "gates-alone", "(in first)", "--recover --rig double-lattice",
      ] {
        #expect(refused.errors.contains(said), "\(refused.errors)")
      }
      try expectNotStarted(tellegen, "refused", "is wedged since")

      let recover = lattice + ["--recover"]
      let failed = try tellegen(
        recover + ["--fault", "{select: 7, is: deaf}", "--out", "failed"])
      #expect(failed.code == 76 && failed.errors.contains("stays wedged"), "\(failed.errors)")
      #expect(try record(tellegen, "failed")["recovered"] as? Bool == false)
      #expect(try tellegen(run + ["--out", "still"]).code == 76)

      let recovered = try tellegen(recover)
      #expect(recovered.code == 0, "\(recovered.errors)")
      #expect(recovered.output.contains("drain        PASS"))
      #expect(try record(tellegen, "runs/recover-double-lattice-1")["recovered"] as? Bool == true)
      #expect(try tellegen(run + ["--out", "after"]).code == 0)
    }
  }

  @Test func `what passes on a retry only is called flaky`() throws {
    try inPackage { tellegen in
      let run = lattice + ["--scenario", "gates.yaml", "--retry", "1", "--fault", broken]
      let end = try tellegen(run + ["--out", "flaky"])
      #expect(end.code == 0 && end.errors.contains("flaky: gates-alone"), "\(end.errors)")
      #expect(end.output.contains("1 of 1 as they must be, gates-alone on a retry only: flaky"))
      #expect(try outcomes(tellegen, "flaky") == ["ERROR", "PASS"])
      #expect(try record(tellegen, "flaky")["flaky"] as? [String] == ["gates-alone"])
      // The rig answered in the end: it is not wedged.
      #expect(try tellegen(lattice + ["--scenario", "loopback"]).code == 0)
    }
  }

  @Test func `a board that cannot be opened leaves a record`() throws {
    try inPackage { tellegen in
      let board = try String(
        contentsOfFile: packageRoot + "/board/breadboard.yaml", encoding: .utf8)
      try tellegen.write(
        board.replacing("chip: pinctrl-bcm2711", with: "chip: no-such-chip"), to: "far.yaml")
      let end = try tellegen(
        "hil", "--target", "gpio", "--board", "./far.yaml", "--scenario", "selftest", "--ensemble",
        "100", "--out", "far")
      #expect(end.code == 69 || end.code == 77, "\(end.errors)")
      try expectNotStarted(
        tellegen, "far", end.code == 77 ? "may not be opened" : "no-such-chip")
    }
  }

  @Test func `every command that opens a board at GPIO lines keeps off a rig that is not free`()
    throws
  {
    try inPackage { tellegen in
      let board = try String(
        contentsOfFile: packageRoot + "/board/breadboard.yaml", encoding: .utf8)
      try tellegen.write(
        board.replacing("chip: pinctrl-bcm2711", with: "chip: no-such-chip"), to: "far.yaml")
      let run = try tellegen(
        "train", "--board", "./far.yaml", "--task", "regression", "--epochs", "1", "--out", "run")
      #expect(run.code == 0, "\(run.errors)")
      let commands = [
        [
          "train", "--target", "gpio", "--board", "./far.yaml", "--task", "regression", "--out",
          "new",
        ],
        ["calibrate", "--target", "gpio", "--board", "./far.yaml"],
        ["program", "run", "--target", "gpio"],
        ["measure", "run", "--target", "gpio"],
        ["predict", "run", "rows.csv", "--target", "gpio"],
        [
          "hil", "--target", "gpio", "--board", "./far.yaml", "--scenario", "selftest",
          "--ensemble", "100",
        ],
      ]
      try tellegen.write("0.1,0.2\n", to: "rows.csv")
      // The first one that is refused by its chip says where the rig's state is.
      #expect(try [69, 77].contains(tellegen(commands[0]).code))
      let rigs = tellegen.states + "/tellegen/rigs/"
      let key = try #require(
        try FileManager.default.contentsOfDirectory(atPath: rigs).first { $0.hasPrefix("gpio-") })

      let lock = open(rigs + key + "/lock", O_RDWR | O_CREAT, 0o600)
      defer { close(lock) }
      let line = "tellegen, process 12345\n"
      #expect(write(lock, line, line.utf8.count) == line.utf8.count)
      #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
      for command in commands {
        let end = try tellegen(command)
        #expect(
          end.code == 75 && end.errors.contains("is in use by process 12345"),
          "\(command): \(end.errors)")
      }
      flock(lock, LOCK_UN)

      let mark =
        "{\"reason\": \"it smokes\", \"run\": \"runs/9\", \"date\": 0, \"recovery\": \"recover it\"}"
      try mark.write(toFile: rigs + key + "/wedged.json", atomically: true, encoding: .utf8)
      for command in commands {
        let end = try tellegen(command)
        #expect(
          end.code == 76 && end.errors.contains("it smokes (in runs/9)"),
          "\(command): \(end.errors)")
      }
      #expect(!tellegen.exists("new"))
    }
  }

  @Test func `each attempt has its trace and waves`() throws {
    try inPackage { tellegen in
      let end = try tellegen(
        "hil", "--rig", "double-breadboard", "--scenario", "selftest", "--ensemble", "100",
        "--repeat", "2", "--trace", "--out", "traced")
      #expect(end.code == 0, "\(end.errors)")
      let texts = try (1...2).map { try tellegen.text("traced/selftest.\($0).txt") }
      #expect(texts[0].hasPrefix("tellegen trace 1\n"))
      // Each attempt has noise of its own, the same whenever it is asked for.
      #expect(texts[0] != texts[1])
      let twin = try tellegen(
        "hil", "--rig", "double-breadboard", "--scenario", "selftest", "--ensemble", "100",
        "--repeat", "2", "--trace", "--out", "twin")
      #expect(twin.code == 0, "\(twin.errors)")
      #expect(try texts == (1...2).map { try tellegen.text("twin/selftest.\($0).txt") })
      let wave = try tellegen.text("traced/selftest.2.vcd")
      #expect(wave.contains("$var wire 1") && wave.contains("gate_S1-T1"))
      // The folder knows its files: it can be replaced.
      let again = try tellegen(
        "hil", "--rig", "double-breadboard", "--scenario", "loopback", "--out", "traced",
        "--overwrite")
      #expect(again.code == 0 && !tellegen.exists("traced/selftest.1.txt"), "\(again.errors)")
    }
  }
}
