// swift-tools-version: 6.1
import PackageDescription

// Built by `make bench` alone: the solver of this package on the work that others are timed with.
let package = Package(
  name: "TellegenBenchmarks",
  dependencies: [.package(name: "Tellegen", path: "..")],
  targets: [
    .executableTarget(
      name: "solver",
      dependencies: [
        .product(name: "Double", package: "Tellegen"),
        .product(name: "Elements", package: "Tellegen"),
      ],
      // As the others' drivers: arrays are not checked there.
      swiftSettings: [.unsafeFlags(["-Ounchecked"])])
  ])
