// swift-tools-version: 6.2
import PackageDescription

// A package of its own: its products, and all that they are made of, are compiled with coverage for
// libFuzzer, which the program itself must not be. Scripts/fuzz builds and runs them.
let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "Tellegen", path: "..")],
  targets: [
    // The fuzzer's loop, mutations of JSON, and what is done with a state that is accepted.
    .target(
      name: "FuzzSupport",
      dependencies: [
        .product(name: "Learning", package: "Tellegen"),
        .product(name: "Double", package: "Tellegen"),
      ]),
    .executableTarget(name: "FuzzSetting", dependencies: ["FuzzSupport"]),
    .executableTarget(name: "FuzzCheckpoint", dependencies: ["FuzzSupport"]),
    .executableTarget(name: "FuzzChip", dependencies: ["FuzzSupport"]),
  ]
)

for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
