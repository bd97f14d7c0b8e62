import Foundation
import Testing

/// Values that were taken in silence once.
@Suite struct RefusalTests {
  @Test(arguments: [
    (["benchmark", "accuracy", "--at-least", "nan"], "--at-least is nan"),
    (["benchmark", "accuracy", "--at-least", "101"], "allowed is 0 ... 100"),
    (["benchmark", "estimate", "--imbalance", "9"], "--imbalance is 9"),
    (["benchmark", "estimate", "--imbalance", "nan"], "--imbalance is nan"),
    (["benchmark", "estimate", "--steps", "0"], "--steps is 0"),
    (["benchmark", "step", "--steps", "0"], "--steps is 0"),
    (["benchmark", "step", "--target", "gpio"], "--target is double or pins"),
    (["benchmark", "operations", "--steps", "0"], "--steps is 0"),
    (["benchmark", "firmware", "--steps=-1"], "--steps is -1"),
    (["reproduce", "drift", "--seed", "-1"], "--seed is -1"),
    (["benchmark", "accuracy", "--seed", "-1"], "--seed is -1"),
    (["reproduce", "--list", "drift"], "--list runs nothing"),
    (["board", "bipartite", "--sources", "1024", "--targets", "1024"], "1048576 edges"),
    (["train", "--epochs", "-1"], "--epochs is -1"),
    (["train", "--nudge", "-1"], "--nudge is -1"),
    (["benchmark", "accuracy", "--seeds", "-1"], "--seeds is -1"),
    (["benchmark", "accuracy", "--at-least", "-1"], "--at-least is -1"),
    (["board", "lattice", "--side", "-1"], "--side is -1"),
    (["cycle", "--tau", "-1"], "--tau is -1"),
    (["gradient", "--beta", "-1"], "--beta is -1"),
    (["train", "--seed", "-1"], "The value '-1' is invalid for '--seed"),
    (["cycle", "--seed", "-1"], "The value '-1' is invalid for '--seed"),
  ])
  func `what means nothing is wrong usage, and named`(_ words: [String], _ told: String) throws {
    try Program.run { tellegen in
      let end = try tellegen(words)
      #expect(end.code == 64, "\(words)")
      #expect(end.errors.contains(told), "\(end.errors)")
    }
  }

  @Test func `runs by another rule or at another target have folders of their own`() throws {
    try Program.run { tellegen in
      for more in [[], ["--rule", "coupled"], ["--target", "pins"]] {
        let end = try tellegen(["train", "--task", "xor", "--epochs", "1"] + more)
        #expect(end.code == 0, "\(end.errors)")
      }
      #expect(tellegen.exists("runs/xor-lattice-1/record.json"))
      #expect(tellegen.exists("runs/xor-lattice-coupled-1/record.json"))
      #expect(tellegen.exists("runs/xor-lattice-pins-1/record.json"))
      let cycle = ["cycle", "--tau", "0.01", "--longest", "0.01"]
      #expect(try tellegen(cycle).code == 0)
      #expect(try tellegen(cycle + ["--rule", "overclamped"]).code == 0)
      #expect(tellegen.exists("runs/cycle-two-edge-1/cycle.json"))
      #expect(tellegen.exists("runs/cycle-two-edge-overclamped-1/cycle.json"))
    }
  }

  @Test func `a server that cannot write its log or its report ends at its start`() throws {
    try Program.run { tellegen in
      for (options, told) in [
        (["--report", "none/report.json"], "none/report.json: No such file or directory"),
        (["--report", "."], ".: Is a directory"),
        (["--log", "none/log"], "none/log: No such file or directory"),
        (["--log", "/dev/full"], "/dev/full: No space left on device"),
      ] {
        let end = try tellegen(["serve", "--socket", "socket"] + options)
        #expect(end.code == 74, "\(options)")
        #expect(end.errors.contains(told), "\(end.errors)")
        #expect(!tellegen.exists("socket"))
      }
    }
  }

  @Test func `where the system forbids a place, permission is lacking`() throws {
    try Program.run { tellegen in
      // Nobody, whatever their rights, makes anything there.
      for command in [
        ["train", "--epochs", "1", "--out", "/sys/run"], ["cycle", "--out", "/sys/run"],
        ["drift", "--out", "/sys/run"], ["descend", "--out", "/sys/run"],
        ["reproduce", "drift", "--out", "/sys/run"], ["serve", "--socket", "/sys/socket"],
        ["serve", "--socket", "socket", "--state", "/sys/state"],
        ["serve", "--socket", "socket", "--report", "/sys/report"],
        ["calibrate", "--out", "/sys/calibration.json"],
      ] {
        let end = try tellegen(command)
        #expect(end.code == 77, "\(command): \(end.code) \(end.errors)")
        #expect(end.errors.contains("ermi"), "\(end.errors)")
      }
    }
  }

  @Test func `words are those of the command`() throws {
    try Program.run { tellegen in
      let replay = try tellegen("replay", "nowhere")
      #expect(replay.code == 74 && !replay.errors.contains("resume"), "\(replay.errors)")
      let doctor = try tellegen("doctor", "--board", "two-edge")
      #expect(doctor.code == 65 && !doctor.errors.contains("--boundary"), "\(doctor.errors)")
    }
  }

  @Test func `the largest boards that are made can be read`() throws {
    try Program.run { tellegen in
      for make in [
        ["lattice", "--side", "100"], ["bipartite", "--sources", "1024", "--targets", "64"],
      ] {
        try tellegen.write(try tellegen(["board"] + make).output, to: "b.yaml")
        let check = try tellegen("board", "check", "b.yaml")
        #expect(check.code == 0, "\(check.errors)")
      }
    }
  }

  @Test func `scripts of the simulated computer have a help, and install nothing for it`() throws {
    try Program.run { tellegen in
      for script in ["hil/kernel", "hil/libgpiod", "hil/boot", "hil/run", "hil/sim"] {
        let end = try tellegen(["--help"], executable: packageRoot + "/" + script)
        #expect(end.code == 0 && end.output.contains(script), "\(script)")
      }
    }
  }

  @Test func `what the simulated computer lacks is named, and not installed`() throws {
    let system = try String(contentsOfFile: packageRoot + "/Scripts/setup", encoding: .utf8)
    try Program.run { tellegen in
      try FileManager.default.createDirectory(
        atPath: tellegen.path("bin"), withIntermediateDirectories: true)
      try tellegen.write("#!/bin/sh\ntouch called\n", to: "bin/apt-get")
      chmod(tellegen.path("bin/apt-get"), 0o755)
      // The same script, which wants something that is nowhere.
      try tellegen.write(
        system.replacing("hil    cpio    cpio ", with: "hil    no-such   no-such-package "),
        to: "setup")
      let end = try tellegen(
        ["-c", "PATH=$PWD/bin:$PATH exec bash setup --check hil"], executable: "/bin/sh")
      #expect(end.code == 69, "\(end.errors)")
      #expect(end.errors.contains("missing: ") && end.errors.contains("no-such-package"))
      #expect(!tellegen.exists("called"))
    }
  }
}
