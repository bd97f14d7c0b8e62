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
    for file in ["record.json", "record.jsonl", "junit.xml", "report.html"] {
      let text = try tellegen.text(folder + "/" + file)
      #expect(text.contains("NOT-STARTED") && text.contains(cause), "\(file): \(text)")
    }
    #expect(try tellegen.text(folder + "/junit.xml").contains("errors=\"1\""))
  }

  /// Expects one JSON object that says what kept an attempt from being begun, before any double was drawn.
  private func expectRefused(_ end: Ending, _ cause: String) throws {
    let told = try #require(
      try JSONSerialization.jsonObject(with: Data(end.output.utf8)) as? [String: Any])
    #expect(told["outcome"] as? String == "NOT-STARTED")
    #expect((told["why"] as? String)?.contains(cause) == true, "\(end.output)")
    #expect(!end.errors.contains("drawing"), "\(end.errors)")
  }

  @Test func `the rig is named in every file of an attempt`() throws {
    try inPackage { tellegen in
      try tellegen.write(
        "rigs: {mine: {board: breadboard, target: pins, board_id: \"7\"}}", to: "mine.yaml")
      let end = try tellegen(
        "hil", "--rig", "mine", "--rigs", "mine.yaml", "--scenario", "./gates.yaml", "--ensemble",
        "100", "--out", "named")
      #expect(end.code == 0, "\(end.errors)")
      let suite = try tellegen.text("named/junit.xml")
      #expect(suite.contains("<property name=\"rig\" value=\"mine\"/>"))
      #expect(suite.contains("<property name=\"board_id\" value=\"7\"/>"))
      #expect(
        try tellegen.text("named/metrics.prom").contains(
          "{board=\"breadboard\",target=\"pins\",rig=\"mine\",board_id=\"7\",scenario="))
      let lines = try tellegen.text("named/record.jsonl").split(separator: "\n")
      #expect(lines.count == 2 && lines.last?.contains("\"PASS\"") == true, "\(lines)")
      for line in lines {
        let fields = try #require(
          try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(fields["rig"] as? String == "mine" && fields["board_id"] as? String == "7")
        #expect(fields["board"] as? String == "breadboard")
      }
      #expect(try record(tellegen, "named")["board_id"] as? String == "7")
    }
  }

  private let lattice = ["hil", "--rig", "double-lattice", "--ensemble", "100"]
  private let broken = "{line: MISO, kind: stuck_low, attempts: 1}"

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

  /// Starts attempts that take some seconds, and waits until they drive the rig: a phase has ended.
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
    #expect(firstLine(of: output.fileHandleForReading.fileDescriptor).contains("PASS"))
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
      let refused = try tellegen(words + ["--out", "refused", "--json"])
      #expect(refused.code == 75, "\(refused.errors)")
      try expectRefused(refused, "process \(id)")
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
      let refused = try tellegen(run + ["--out", "refused", "--json"])
      #expect(refused.code == 76, "\(refused.errors)")
      try expectRefused(refused, "is wedged since")
      for said in [
        "is wedged since", "gates-alone", "(in \(try canonical(tellegen, "first")))",
        "--recover --rig double-lattice",
      ] {
        #expect(refused.errors.contains(said), "\(refused.errors)")
      }
      try expectNotStarted(tellegen, "refused", "is wedged since")

      let recover = lattice + ["--recover"]
      let failed = try tellegen(
        recover + ["--fault", "{select: 7, kind: deaf}", "--out", "failed"])
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

  /// The absolute path of what is in a program's folder, as the program sees it.
  private func canonical(_ tellegen: Program, _ name: String) throws -> String {
    let real = try #require(realpath(tellegen.folder, nil))
    defer { free(real) }
    return String(cString: real) + "/" + name
  }

  @Test
  func
    `the command that recovers a rig can be typed anywhere, and its name in another map is free`()
    throws
  {
    try inPackage { tellegen in
      try FileManager.default.createDirectory(
        atPath: tellegen.path("my maps"), withIntermediateDirectories: true)
      let map = "rigs: {bench: {board: lattice, target: pins}}"
      try tellegen.write(map, to: "my maps/it's.yaml")
      try tellegen.write(map, to: "other.yaml")
      let run = ["hil", "--scenario", "./gates.yaml", "--ensemble", "100", "--rig", "bench"]
      let first = try tellegen(
        run + ["--rigs", "my maps/it's.yaml", "--fault", broken, "--out", "first"])
      #expect(first.code == 69, "\(first.errors)")
      #expect(try tellegen(run + ["--rigs", "other.yaml", "--out", "other"]).code == 0)
      let refused = try tellegen(run + ["--rigs", "./my maps/it's.yaml", "--out", "refused"])
      #expect(refused.code == 76, "\(refused.errors)")
      let command = try #require(
        refused.errors.ranges(of: "tellegen hil --recover").last.map {
          refused.errors[$0.lowerBound...].split(separator: "\n")[0]
        })
      let end = try tellegen(
        [
          "-c",
          "tellegen() { \"\(try Program.path)\" \"$@\"; }\ncd / && \(command) --out '\(tellegen.path("recovered"))'",
        ],
        executable: "/bin/sh")
      #expect(end.code == 0, "\(command): \(end.errors)")
      #expect(try tellegen(run + ["--rigs", "my maps/it's.yaml", "--out", "after"]).code == 0)
    }
  }

  @Test func `a run that ends before anything is driven leaves word of the one that was killed`()
    throws
  {
    try inPackage { tellegen in
      let process = try startAttempts(tellegen)
      let id = process.processIdentifier
      kill(id, SIGKILL)
      process.waitUntilExit()
      let words = [
        "hil", "--rig", "double-breadboard", "--scenario", "selftest", "--ensemble", "100",
      ]
      // It takes the rig, says whose it was, and ends amid the drawing of limits.
      let drawing = try tellegen.process([
        "hil", "--rig", "double-breadboard", "--scenario", "selftest", "--ensemble", "100000",
        "--out", "drawing",
      ])
      let errors = Pipe()
      drawing.standardOutput = FileHandle.nullDevice
      drawing.standardError = errors
      try startListening(drawing)
      while true {
        let line = firstLine(of: errors.fileHandleForReading.fileDescriptor)
        if line.isEmpty || line.contains("drawing 100000") { break }
      }
      kill(drawing.processIdentifier, SIGKILL)
      drawing.waitUntilExit()
      let next = try tellegen(words + ["--out", "next"])
      #expect(next.errors.contains("was not put to rest by process \(id)"), "\(next.errors)")
      #expect(next.output.contains("drain        PASS"), "\(next.output)")
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
        "100", "--out", "far", "--json")
      #expect(end.code == 69 || end.code == 77, "\(end.errors)")
      try expectRefused(end, end.code == 77 ? "may not be opened" : "no-such-chip")
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

  @Test func `calibrate and train take a rig as hil does, and keep each other off it`() throws {
    try inPackage { tellegen in
      try tellegen.write(
        "rigs: {mine: {board: lattice, target: pins, board_id: \"7\", calibration: 7.json}}",
        to: "mine.yaml")
      let rig = ["--rig", "mine", "--rigs", "mine.yaml"]
      let calibrated = try tellegen(["calibrate", "--pulses", "200"] + rig)
      #expect(calibrated.code == 0, "\(calibrated.errors)")
      #expect(try tellegen.text("7.json").contains("\"id\" : \"7\""))
      let other = try tellegen(["calibrate", "--id", "8", "--overwrite"] + rig)
      #expect(other.code == 64 && other.errors.contains("has board id '7'"), "\(other.errors)")
      let train = ["train", "--task", "regression"]
      let trained = try tellegen(train + ["--epochs", "2"] + rig)
      #expect(trained.code == 0, "\(trained.errors)")
      #expect(trained.errors.contains("calibration 7.json of board id 7"), "\(trained.errors)")
      let setting = try tellegen.text("runs/regression-lattice-mine-1/setting.json")
      #expect(setting.contains("\"rig\"") && setting.contains("mine.yaml"))
      for words in [["--board", "breadboard"], ["--target", "gpio"]] {
        for command in [["calibrate"], train] {
          let end = try tellegen(command + rig + words)
          #expect(end.code == 64 && end.errors.contains("leave --board and --target out"))
        }
      }
      let resumed = try tellegen(["train", "--resume", "runs/regression-lattice-mine-1"] + rig)
      #expect(resumed.code == 64 && resumed.errors.contains("--rig cannot go with --resume"))

      // Whoever has the rig keeps the others off it, in either direction; a run that goes on too.
      let calls = [
        ["calibrate", "--overwrite"] + rig, train + ["--out", "new"] + rig,
        ["train", "--resume", "runs/regression-lattice-mine-1", "--epochs", "3"],
        ["hil", "--scenario", "selftest", "--ensemble", "100", "--out", "refused"] + rig,
      ]
      let process = try tellegen.process(
        train + ["--epochs", "1000000", "--out", "long"] + rig)
      process.standardOutput = FileHandle.nullDevice
      let errors = Pipe()
      process.standardError = errors
      try startListening(process)
      // Its first line of progress: it drives the rig by then.
      while true {
        let line = firstLine(of: errors.fileHandleForReading.fileDescriptor)
        if line.isEmpty || line.contains("epoch") { break }
      }
      errors.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
      for call in calls {
        let end = try tellegen(call)
        #expect(
          end.code == 75 && end.errors.contains("rig mine is in use by process"),
          "\(call): \(end.errors)")
        #expect(end.errors.contains("--epochs 1000000"), "\(call): \(end.errors)")
      }
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()

      let broke = try tellegen(
        [
          "hil", "--scenario", "gates.yaml", "--fault", broken, "--ensemble", "100", "--out",
          "broke",
        ]
          + rig)
      #expect(broke.code == 69, "\(broke.errors)")
      for call in calls.dropLast() {
        let end = try tellegen(call)
        #expect(
          end.code == 76 && end.errors.contains("rig mine is wedged since")
            && end.errors.contains("tellegen hil --recover --rig mine --rigs /"),
          "\(call): \(end.errors)")
      }
      #expect(!tellegen.exists("new"))
    }
  }

  /// Whether a file system of a few MB can be mounted here, in a name space of the test's own.
  private static let canMount: Bool = {
    guard let unshare = find("unshare") else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: unshare)
    process.arguments = ["-rm", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  @Test(.enabled(if: canMount, "no file system can be mounted here"))
  func `on a full disk traces give way to the record`() throws {
    try inPackage { tellegen in
      try FileManager.default.createDirectory(
        atPath: tellegen.path("full"), withIntermediateDirectories: true)
      // The traces of bring-up outgrow what is there; the records of two attempts do not.
      let script =
        "mount -t tmpfs -o size=2m none full && \"$@\"; code=$?; ls -a full/run; cp -r full/run kept; exit $code"
      let end = try tellegen(
        [
          "-rm", "sh", "-c", script, "sh", try Program.path, "hil", "--board", "breadboard",
          "--target", "pins", "--scenario", "bring-up", "--ensemble", "100", "--repeat", "2",
          "--trace", "--out", "full/run",
        ], executable: find("unshare"))
      #expect(end.code == 0, "\(end.errors)")
      #expect(end.errors.contains("it ends here, the run goes on"), "\(end.errors)")
      #expect(
        end.errors.contains("is not kept, to make room for record.json"), "\(end.errors)")
      #expect(try outcomes(tellegen, "kept") == ["PASS", "PASS"])
      for file in ["junit.xml", "metrics.prom", "report.html"] {
        #expect(tellegen.exists("kept/" + file))
      }
    }
  }

  @Test(.enabled(if: canMount, "no file system can be mounted here"))
  func `on a full disk a calibration ends with the exit code of a write that failed`() throws {
    try inPackage { tellegen in
      try FileManager.default.createDirectory(
        atPath: tellegen.path("full"), withIntermediateDirectories: true)
      let script =
        "mount -t tmpfs -o size=64k none full && head -c 100000 /dev/zero >full/rest; \"$@\""
      let end = try tellegen(
        [
          "-rm", "sh", "-c", script, "sh", try Program.path, "calibrate", "--board", "breadboard",
          "--pulses", "100", "--out", "full/c.json",
        ], executable: find("unshare"))
      #expect(end.code == 74, "\(end.errors)")
      #expect(end.errors.contains("No space left on device"), "\(end.errors)")
    }
  }

  @Test func `what a board's file says is wrong with it is found, not learned as good`() throws {
    try inPackage { tellegen in
      let board = try String(
        contentsOfFile: packageRoot + "/board/breadboard.yaml", encoding: .utf8)
      try tellegen.write(board + "\nfaults:\n  - {edge: S1-T2, kind: leaking}\n", to: "leaks.yaml")
      let end = try tellegen(
        "hil", "--board", "./leaks.yaml", "--target", "pins", "--scenario", "bring-up",
        "--ensemble", "100")
      #expect(end.code == 1 && end.output.contains("T2: drift while held"), "\(end.output)")
    }
  }

  @Test func `a scenario of which nothing was done is skipped`() throws {
    try inPackage { tellegen in
      try tellegen.write("name: lines\nphases: [idle]\n", to: "lines.yaml")
      let end = try tellegen(
        "hil", "--board", "breadboard", "--scenario", "./lines.yaml", "--ensemble", "100", "--out",
        "r")
      #expect(end.code == 0 && end.output.contains("1 of them skipped"), "\(end.output)")
      #expect(try outcomes(tellegen, "r") == ["SKIP"])
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
