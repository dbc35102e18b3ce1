import Checkpoint

/// Family and sizes of one model.
public struct ModelConfiguration: Sendable {
  enum Architecture: Sendable {
    case causal3D(Causal3DConfiguration)
    case flux2D(Flux2DConfiguration)
    case dcAE(DCAEConfiguration)
  }

  let architecture: Architecture
  /// Every value, with where it comes from.
  public let settings: [Setting]

  /// The published model of a family.
  public static func published(_ family: Family) throws -> ModelConfiguration {
    try ModelConfiguration(family, given: [:], shown: [:])
  }

  /// The configuration of a checkpoint.
  /// - Parameters:
  ///   - given: Open-Sora's keys or a diffusers `config.json`; nil takes everything from `tensors`
  ///     and the family's published defaults.
  ///   - tensors: names and shapes, as ``CheckpointNames`` spells them.
  /// - Throws: `ModelError` where family or sizes stay open.
  init(given: JSONValue?, tensors: TensorShapes) throws {
    var object: [String: JSONValue] = [:]
    var family: Family?
    if let given {
      guard let fields = given.asObject else {
        throw ModelError("configuration: must be a JSON object")
      }
      (family, object) = try DiffusersConfiguration.translated(fields)
    }
    let shownFamily = try tensors.family()
    if let family, family != shownFamily {
      throw ModelError(
        "the configuration says \(family.rawValue) but the tensors are those of "
          + "\(shownFamily.rawValue)")
    }
    let shown = try tensors.settings(of: shownFamily, given: given == nil ? nil : object)
    try self.init(shownFamily, given: object, shown: shown)
  }

  private init(
    _ family: Family, given: [String: JSONValue], shown: [String: JSONValue]
  ) throws {
    var reader = SettingsReader(given: given, shown: shown)
    architecture =
      switch family {
      case .hunyuanVAE: .causal3D(try Causal3DConfiguration(&reader))
      case .autoencoder2D: .flux2D(try Flux2DConfiguration(&reader))
      case .dcAE: .dcAE(try DCAEConfiguration(&reader))
      }
    settings = reader.settings
  }

  public var family: Family {
    switch architecture {
    case .causal3D: .hunyuanVAE
    case .flux2D: .autoencoder2D
    case .dcAE: .dcAE
    }
  }

  /// How latents relate to frames and pixels.
  public var geometry: CompressionGeometry {
    switch architecture {
    case .causal3D(let c):
      CompressionGeometry(
        time: .causal(ratio: c.timeCompressionRatio), space: c.spatialCompressionRatio,
        channels: c.inChannels, latentChannels: c.latentChannels)
    case .flux2D(let c):
      CompressionGeometry(
        time: .none, space: 1 << (c.widths.count - 1), channels: c.inChannels,
        latentChannels: c.zChannels)
    case .dcAE(let c):
      CompressionGeometry(
        time: .blocks(ratio: c.timeCompressionRatio), space: c.spatialCompressionRatio,
        channels: c.inChannels, latentChannels: c.latentChannels)
    }
  }

  /// Between these latents and those a diffusion model is given.
  public var scaling: LatentScaling {
    switch architecture {
    case .causal3D(let c):
      .multiply(scale: Float(c.scaleFactor), shift: Float(c.shiftFactor))
    case .flux2D(let c):
      .multiply(scale: Float(c.scaleFactor), shift: Float(c.shiftFactor))
    case .dcAE(let c): .divide(by: Float(c.scalingFactor))
    }
  }

  /// Whether the encoder gives moments, mean and logarithm of the variance.
  public var hasMoments: Bool { family != .dcAE }

  /// nil where the family knows no tiles.
  var tiles: TileDefaults? {
    switch architecture {
    case .causal3D(let c): c.tiles
    case .flux2D: nil
    case .dcAE(let c): c.tiles
    }
  }

  /// The architecture with the tensors below `root`.
  func makeModel(_ root: WeightScope) -> any VideoModel {
    switch architecture {
    case .causal3D(let c): KLAutoencoder(root, c)
    case .flux2D(let c): KLAutoencoder(root, c)
    case .dcAE(let c): DCAutoencoder(root, c)
    }
  }
}
