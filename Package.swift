// swift-tools-version: 6.2
import PackageDescription

/// What needs the double is left out of a program for real boards only.
let simulation: TargetDependencyCondition? = .when(traits: ["Simulation"])

let package = Package(
  name: "Tellegen",
  products: [
    .library(name: "Firmware", targets: ["Firmware"]),
    .library(name: "Elements", targets: ["Elements"]),
    .library(name: "Runs", targets: ["Files", "Wiring", "Runs"]),
    .library(name: "Traces", targets: ["Traces"]),
    .library(name: "Double", targets: ["Circuit", "BoardDouble", "VhostGPIO", "Targets"]),
    .executable(name: "tellegen", targets: ["tellegen"]),
  ],
  traits: [
    .trait(
      name: "Simulation",
      description:
        "The double, and all that is done with it; a program for real boards only lacks it."),
    .default(enabledTraits: ["Simulation"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    // What runs at every edge: fixed point, no heap, no dependencies. Also built as Embedded Swift.
    .target(name: "Firmware"),
    // Arithmetic and random draws that give the same bits on every machine; small matrices.
    .target(name: "Portable", dependencies: ["CSoftplus"]),
    // The soft ramp of many numbers at once, by the widest registers there are.
    .target(name: "CSoftplus"),
    // Files that survive crashes, power cuts and full disks; folders that one process has to
    // itself.
    .target(name: "Storage"),
    // Circuit elements: parameters and their ranges, laws, SPICE cards; a file each.
    .target(name: "Elements", dependencies: ["Portable"]),
    // One way each to print tables, plots, CSV, JSON and numbers with units.
    .target(name: "Reports", dependencies: ["Portable"]),
    // Board, task and rig files, read and checked.
    .target(
      name: "Files",
      dependencies: [
        "Firmware", "Elements", "Portable", .product(name: "Yams", package: "Yams"),
      ]),
    // A board file brought to the firmware: wiring, times, calibration, tables of what goes where.
    .target(
      name: "Wiring", dependencies: ["Firmware", "Files", "Elements", "Portable", "Reports"]),
    // What the lines saw: traces, replay, waves.
    .target(name: "Traces", dependencies: ["Firmware"]),
    // Training of any board on any task: order, schedule, measures, records, resuming.
    .target(
      name: "Runs",
      dependencies: [
        "Firmware", "Files", "Wiring", "Elements", "Portable", "Reports", "Storage",
      ]),
    // The flags of libgpiod, where it is installed; either generation.
    .systemLibrary(
      name: "CLibGPIOD", pkgConfig: "libgpiod", providers: [.apt(["libgpiod-dev", "pkg-config"])]),
    // One set of calls for both generations of libgpiod.
    .target(name: "CGPIOD", dependencies: ["CLibGPIOD"]),
    // The lines of a board at the kernel's GPIO character device.
    .target(name: "LinuxGPIO", dependencies: ["CGPIOD", "Firmware", "Files", "Portable"]),
    // DC solution of networks of elements.
    .target(name: "Circuit", dependencies: ["Elements", "Portable"]),
    // The double of the analog board, with its faults, in virtual time.
    .target(
      name: "BoardDouble",
      dependencies: ["Firmware", "Files", "Wiring", "Traces", "Circuit", "Elements", "Portable"]),
    // Memory that another process shares, and may take away.
    .target(name: "CSharedMemory"),
    // The double as a GPIO chip of a virtual machine, in real time.
    .target(
      name: "VhostGPIO",
      dependencies: [
        "CSharedMemory", "BoardDouble", "Circuit", "Firmware", "Files", "Wiring", "Traces",
        "Portable",
      ]),
    // One way to open a board, whatever it is: the double direct or at its pins, or GPIO lines.
    .target(
      name: "Targets",
      dependencies: [
        "Runs", "Wiring", "Traces", "Files", "Firmware", "LinuxGPIO", "Storage", "Portable",
        .target(name: "BoardDouble", condition: simulation),
        .target(name: "Circuit", condition: simulation),
      ]),
    // Anything with parameters, inputs and outputs: gradients, training on the host, three systems.
    .target(name: "Models", dependencies: ["Circuit", "Elements", "Portable"]),
    // Cycles of tasks, drift, rigs, linear theory, comparison of gradients.
    .target(
      name: "Studies",
      dependencies: [
        "Targets", "Runs", "BoardDouble", "Wiring", "Models", "Circuit", "Elements", "Files",
        "Firmware", "Portable", "Reports",
      ]),
    // Phases that prove a board, on the double and on lines; limits from ensembles of the double.
    .target(
      name: "Harness",
      dependencies: [
        "Targets", "Runs", "BoardDouble", "Wiring", "Traces", "Circuit", "Elements", "Files",
        "Firmware",
        "Portable", "Reports",
      ]),
    // Published results, and ours beside them, run again and judged; a file each.
    .target(
      name: "Experiments",
      dependencies: [
        "Studies", "Targets", "Runs", "BoardDouble", "Wiring", "Models", "Circuit", "Elements",
        "Files", "Firmware", "Portable", "Reports",
      ]),
    .executableTarget(
      name: "tellegen",
      dependencies: [
        "Targets", "Runs", "LinuxGPIO", "Wiring", "Traces", "Elements", "Files", "Firmware",
        "Storage", "Reports", "Portable",
        .target(name: "Experiments", condition: simulation),
        .target(name: "Harness", condition: simulation),
        .target(name: "Studies", condition: simulation),
        .target(name: "Models", condition: simulation),
        .target(name: "BoardDouble", condition: simulation),
        .target(name: "VhostGPIO", condition: simulation),
        .target(name: "Circuit", condition: simulation),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // Programs that hold lines and end, in processes of their own; for tests.
    .target(name: "GuardTrial", dependencies: ["CGPIOD"], path: "Tests/GuardTrial"),
    .testTarget(name: "StorageTests", dependencies: ["Storage"]),
    .testTarget(name: "FirmwareTests", dependencies: ["Firmware"]),
    .testTarget(name: "PortableTests", dependencies: ["Portable"]),
    .testTarget(name: "ReportsTests", dependencies: ["Reports", "Portable"]),
    .testTarget(name: "CircuitTests", dependencies: ["Circuit", "Elements", "Portable"]),
    .testTarget(name: "ModelsTests", dependencies: ["Models", "Circuit", "Elements", "Portable"]),
    .testTarget(
      name: "FilesTests",
      dependencies: [
        "Files", "Wiring", "Reports", "Circuit", "Elements", "Firmware", "Portable",
      ]),
    .testTarget(
      name: "BoardDoubleTests",
      dependencies: [
        "BoardDouble", "Wiring", "Traces", "Firmware", "Circuit", "Elements", "Files", "Portable",
      ]),
    .testTarget(
      name: "LinuxGPIOTests",
      dependencies: [
        "TestSupport", "GuardTrial", "LinuxGPIO", "CGPIOD", "VhostGPIO", "Circuit", "BoardDouble",
        "Targets", "Runs",
        "Wiring", "Traces", "Firmware", "Files", "Portable",
      ]),
    // What several suites need: shipped boards and tasks, plans, folders.
    .target(
      name: "TestSupport", dependencies: ["Runs", "Targets", "BoardDouble", "Files"],
      path: "Tests/TestSupport"),
    .testTarget(
      name: "RunsTests",
      dependencies: [
        "TestSupport", "Runs", "Targets", "BoardDouble", "Wiring", "Traces", "Circuit", "Elements",
        "Files", "Firmware", "Portable", "Storage",
      ]),
    .testTarget(
      name: "StudiesTests",
      dependencies: [
        "TestSupport", "Studies", "Targets", "Runs", "BoardDouble", "Wiring", "Models", "Circuit",
        "Elements", "Files", "Firmware", "Portable", "Reports",
      ]),
    .testTarget(
      name: "HarnessTests",
      dependencies: [
        "TestSupport", "Harness", "Targets", "Runs", "BoardDouble", "Circuit", "Elements", "Wiring",
        "Files", "Firmware", "Portable", "Reports",
      ]),
    .testTarget(
      name: "ExperimentsTests", dependencies: ["Experiments", "Studies", "Runs", "Reports"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "TestSupport", "tellegen", "Storage",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // The program at the lines of a kernel, in a virtual machine; run by `make hil`.
    .testTarget(
      name: "KernelTests",
      dependencies: [
        "TestSupport", "Targets", "Runs", "BoardDouble", "Wiring", "Firmware", "Files", "Harness",
      ]),
  ]
)

// One dialect for every target: Swift 6 with the upcoming features that make imports and
// existentials visible where they are used.
for target in package.targets where target.type != .system {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
    ]
}

// Swift 6.2 wants to be told that a span which is changed still lasts as long as it did; 6.3 knows it.
for target in package.targets where target.name == "Firmware" {
  target.swiftSettings?.append(.enableExperimentalFeature("Lifetimes"))
}

// The tests are compiled plainly, in half the time; what they test is optimised.
for target in package.targets where target.type == .test {
  target.swiftSettings?.append(.unsafeFlags(["-Onone"]))
}
