// swift-tools-version: 6.1

import Foundation
import PackageDescription

/// The oneDNN engine is built where its header is found and nothing asks for the plain one.
let hasOneDNN: Bool = {
  guard ProcessInfo.processInfo.environment["VAECODEC_ENGINE"] != "plain" else { return false }
  return ["/usr/include", "/usr/local/include", "/opt/homebrew/include"].contains {
    FileManager.default.fileExists(atPath: $0 + "/oneapi/dnnl/dnnl.h")
  }
}()

let oneDNN: [Target] =
  hasOneDNN
  ? [.systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])])]
  : []

let package = Package(
  name: "vaecodec",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "vaecodec", targets: ["vaecodec"]),
    .library(name: "VAECodec", targets: ["Codec", "Quality", "Models", "Media", "Tensor"]),
    .library(name: "vaecodec_frei0r", type: .dynamic, targets: ["Frei0r"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.4.0"),
  ],
  targets: oneDNN + [
    .systemLibrary(
      name: "CFFmpeg", pkgConfig: "libavformat",
      providers: [
        .apt(["libavcodec-dev", "libavformat-dev", "libswscale-dev", "libavutil-dev"]),
        .brew(["ffmpeg"]),
      ]),
    .target(name: "CKernels"),
    .target(
      name: "CTinyModel", exclude: ["tiny.safetensors", "tiny.json"]),
    .target(name: "Tensor", dependencies: ["CKernels"]),
    .target(name: "Checkpoint", dependencies: ["Tensor"]),
    .target(
      name: "NN",
      dependencies: ["Tensor", "Checkpoint", "CKernels"]
        + (hasOneDNN ? [.target(name: "COneDNN")] : []),
      swiftSettings: hasOneDNN ? [.define("ONEDNN")] : []),
    .target(name: "Models", dependencies: ["NN", "Tensor", "Checkpoint"]),
    .target(name: "Media", dependencies: ["CFFmpeg", "Tensor"]),
    .target(
      name: "Codec",
      dependencies: [
        "Media", "Models", "NN", "Checkpoint", "Tensor", "CTinyModel",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(name: "CQuality"),
    .target(name: "Quality", dependencies: ["CQuality", "Media", "Tensor"]),
    .executableTarget(
      name: "vaecodec",
      dependencies: [
        "Codec", "Quality",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/CLI"),
    .systemLibrary(name: "CFrei0r"),
    .target(name: "Frei0r", dependencies: ["CFrei0r", "Codec", "Media", "NN", "Tensor"]),
    .executableTarget(
      name: "vaecodec-fuzz", dependencies: ["Codec", "Models", "Media", "Checkpoint", "Tensor"],
      path: "Sources/Fuzz"),
    .testTarget(name: "TensorTests", dependencies: ["Tensor"]),
    .testTarget(
      name: "CheckpointTests", dependencies: ["Checkpoint", "Tensor"], exclude: ["Fixtures"]),
    .testTarget(
      name: "NNTests", dependencies: ["NN", "Checkpoint", "Tensor"], exclude: ["Fixtures"]),
    .target(
      name: "TestSupport", dependencies: ["Checkpoint", "Tensor"], path: "Tests/TestSupport"),
    .testTarget(
      name: "ModelsTests", dependencies: ["Models", "NN", "Checkpoint", "Tensor", "TestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(name: "MediaTests", dependencies: ["Media"]),
    .testTarget(
      name: "CodecTests",
      dependencies: ["Codec", "Media", "Models", "NN", "Checkpoint", "Tensor", "TestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "QualityTests", dependencies: ["Quality", "Media", "Tensor"], exclude: ["Reference"]),
    .testTarget(
      name: "CLITests", dependencies: ["vaecodec", "Checkpoint", "Tensor", "TestSupport"],
      exclude: ["Snapshots"]),
    .testTarget(
      name: "Frei0rTests", dependencies: ["CFrei0r", "Frei0r", "Codec", "Media", "Tensor"]),
    .testTarget(name: "FuzzTests", dependencies: ["vaecodec-fuzz"]),
  ],
  cLanguageStandard: .gnu2x
)
