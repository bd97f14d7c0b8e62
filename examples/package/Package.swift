// swift-tools-version: 6.2
import PackageDescription

// A package of your own beside this one; from elsewhere give the repository's address and a version.
let package = Package(
  name: "TrainABoard",
  dependencies: [.package(name: "Tellegen", path: "../..")],
  targets: [
    .executableTarget(
      name: "TrainABoard",
      dependencies: [
        .product(name: "Double", package: "Tellegen"),
        .product(name: "Runs", package: "Tellegen"),
      ])
  ]
)
