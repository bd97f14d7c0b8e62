// swift-tools-version: 6.2
import PackageDescription

// A package of its own: its products, and all that they are made of, are compiled with coverage for
// libFuzzer, which the program itself must not be. Scripts/fuzz builds and runs them.
let modules: [Target.Dependency] = ["Firmware", "Elements", "Runs", "Traces", "Double"].map {
  .product(name: $0, package: "Tellegen")
}

let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "Tellegen", path: "..")],
  targets: [
    // The fuzzer's loop, mutations, and what is done with a state that is accepted.
    .target(name: "FuzzSupport", dependencies: modules),
    .executableTarget(name: "FuzzSetting", dependencies: ["FuzzSupport"] + modules),
    .executableTarget(name: "FuzzCheckpoint", dependencies: ["FuzzSupport"] + modules),
    .executableTarget(name: "FuzzChip", dependencies: ["FuzzSupport"] + modules),
    .executableTarget(name: "FuzzDescription", dependencies: ["FuzzSupport"] + modules),
    .executableTarget(name: "FuzzTrace", dependencies: ["FuzzSupport"] + modules),
    .executableTarget(name: "FuzzServer", dependencies: ["FuzzSupport"] + modules),
  ]
)

for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
