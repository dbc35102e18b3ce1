import ArgumentParser
import Codec
import Foundation
import Models

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "The embedded model and the checkpoint families.",
    discussion: """
      --make writes a checkpoint of a family's published size with random weights, for trying out \
      speed and memory.
      """)

  @Option(help: ArgumentHelp("Make a checkpoint with random weights.", valueName: "family"))
  var make: Family?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Where --make writes it.", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Seed of the random weights.", valueName: "n"))
  var seed: UInt64 = 0

  @OptionGroup var out: OutputOptions

  func validate() throws {
    if (make == nil) != (output == nil) {
      throw ValidationError("--make FAMILY and -o FILE go together")
    }
  }

  func run() throws {
    if let make, let output { return try write(make, to: output) }
    let listing = try ModelListing()
    if out.json { return try JSONOutput.print(listing.models) }
    try StandardOutput.print(listing.text)
  }

  private func write(_ family: Family, to path: String) throws {
    let run = CommandRun(quiet: out.quiet)
    let made = try run { session in
      try makeRandomModel(
        family, seed: seed, at: path, replacing: out.overwrite, session: session)
    }
    if out.json { return try JSONOutput.print(made) }
    try StandardOutput.print(
      "\(path): \(family.rawValue), random weights of seed \(seed), \(made.bytes) bytes")
  }
}

/// The models there are, for people and machines.
private struct ModelListing {
  struct Model: Encodable {
    let name: String
    let family: String
    let title: String
    let parameters: Int?
    let compression: String
    let latentChannels: Int
  }

  let models: [Model]

  init() throws {
    let tiny = try LoadedModel(.tiny).autoencoder
    var models = [
      Self.model("tiny", tiny.family, tiny.geometry, parameters: tiny.parameterCount)
    ]
    for family in Family.allCases {
      let geometry = try ModelConfiguration.published(family).geometry
      models.append(Self.model("checkpoint", family, geometry, parameters: nil))
    }
    self.models = models
  }

  private static func model(
    _ name: String, _ family: Family, _ geometry: CompressionGeometry, parameters: Int?
  ) -> Model {
    Model(
      name: name, family: family.rawValue, title: family.title, parameters: parameters,
      compression: "\(geometry.timeRatio)x\(geometry.space)x\(geometry.space)",
      latentChannels: geometry.latentChannels)
  }

  var text: String {
    var table = Table(["model", "family", "latent channels", "compression", "parameters"])
    for model in models {
      table.add([
        model.name == "tiny" ? "tiny (embedded)" : "--model PATH",
        "\(model.family) (\(model.title))", "\(model.latentChannels)", model.compression,
        model.parameters.map { String(format: "%.2f M", Double($0) / 1e6) } ?? "as the checkpoint",
      ])
    }
    return table.text
  }
}

extension Family: ExpressibleByArgument {}
