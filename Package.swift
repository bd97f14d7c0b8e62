// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Tellegen",
  products: [
    .library(name: "Firmware", targets: ["Firmware"]),
    .library(name: "Learning", targets: ["Learning"]),
    .library(name: "Double", targets: ["Files", "BoardDouble", "VhostGPIO"]),
    .executable(name: "tellegen", targets: ["tellegen"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    // What runs at every edge: fixed point, no heap, no dependencies. Also built as Embedded Swift.
    .target(name: "Firmware"),
    // Arithmetic and random draws that give the same bits on every machine.
    .target(name: "Portable"),
    // Files that survive crashes, power cuts and full disks; folders that one process has to itself.
    .target(name: "Storage"),
    // Circuit elements: parameters and their ranges, laws, SPICE cards; a file each.
    .target(name: "Elements", dependencies: ["Portable"]),
    // DC solution of networks of elements.
    .target(name: "Circuit", dependencies: ["Elements", "Portable"]),
    // Exact gradients of a circuit's operating point, and the physical rules that approach them.
    .target(name: "Gradients", dependencies: ["Circuit"]),
    // Anything with parameters, inputs and outputs: training on the host, and three such systems.
    .target(name: "Models", dependencies: ["Gradients", "Circuit", "Portable"]),
    // Board and task files, read and checked.
    .target(
      name: "Files",
      dependencies: ["Elements", "Portable", .product(name: "Yams", package: "Yams")]),
    // The double of the analog board, with its faults, in virtual time.
    .target(
      name: "BoardDouble", dependencies: ["Firmware", "Circuit", "Files", "Portable"]),
    // The flags of libgpiod, where it is installed; either generation.
    .systemLibrary(
      name: "CLibGPIOD", pkgConfig: "libgpiod", providers: [.apt(["libgpiod-dev", "pkg-config"])]),
    // One set of calls for both generations of libgpiod.
    .target(name: "CGPIOD", dependencies: ["CLibGPIOD"]),
    // The lines of a board at the kernel's GPIO character device.
    .target(name: "LinuxGPIO", dependencies: ["CGPIOD", "Firmware", "Files"]),
    // Memory that another process shares, and may take away.
    .target(name: "CSharedMemory"),
    // The double as a GPIO chip of a virtual machine, in real time.
    .target(
      name: "VhostGPIO",
      dependencies: ["CSharedMemory", "BoardDouble", "Firmware", "Files"]),
    // Training of any board on any task: order, schedule, measures, records, resuming.
    .target(
      name: "Learning",
      dependencies: [
        "Firmware", "Files", "BoardDouble", "Portable", "Models", "Gradients", "Circuit",
        "Storage",
      ]),
    // Published results, and ours beside them, run again and judged.
    .target(
      name: "Experiments",
      dependencies: [
        "Firmware", "Learning", "BoardDouble", "Models", "Gradients", "Circuit", "Files",
        "Portable",
      ]),
    .executableTarget(
      name: "tellegen",
      dependencies: [
        "Experiments", "Learning", "BoardDouble", "Models", "Gradients", "Circuit", "Files",
        "Firmware", "LinuxGPIO", "VhostGPIO", "Storage",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .testTarget(name: "StorageTests", dependencies: ["Storage"]),
    .testTarget(name: "FirmwareTests", dependencies: ["Firmware"]),
    .testTarget(name: "PortableTests", dependencies: ["Portable"]),
    .testTarget(name: "CircuitTests", dependencies: ["Circuit", "Portable"]),
    .testTarget(
      name: "GradientsTests", dependencies: ["Gradients", "Circuit", "Portable"]),
    .testTarget(
      name: "ModelsTests", dependencies: ["Models", "Gradients", "Circuit", "Portable"]),
    .testTarget(
      name: "FilesTests", dependencies: ["Files", "Circuit", "Portable"]),
    .testTarget(
      name: "BoardDoubleTests",
      dependencies: [
        "BoardDouble", "Firmware", "Circuit", "Files", "Portable", "LinuxGPIO",
      ]),
    // Programs that hold lines and end, in processes of their own; for tests.
    .target(name: "GuardTrial", dependencies: ["CGPIOD"], path: "Tests/GuardTrial"),
    .testTarget(
      name: "LinuxGPIOTests",
      dependencies: [
        "GuardTrial", "LinuxGPIO", "CGPIOD", "VhostGPIO", "BoardDouble", "Learning", "Firmware",
        "Files", "Portable",
      ]),
    .testTarget(
      name: "LearningTests",
      dependencies: [
        "Learning", "BoardDouble", "Models", "Gradients", "Files", "Firmware", "Circuit",
      ]),
    .testTarget(name: "ExperimentsTests", dependencies: ["Experiments", "Learning"]),
    .testTarget(name: "CommandLineTests", dependencies: ["tellegen"]),
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

// The tests are compiled plainly, in half the time; what they test is optimised.
for target in package.targets where target.type == .test {
  target.swiftSettings?.append(.unsafeFlags(["-Onone"]))
}
