import CTinyModel

/// Which model to run: the embedded one or a checkpoint, perhaps with a configuration of its own.
public struct ModelReference: Hashable, Sendable {
  /// The embedded model, "tiny".
  public static let tiny = ModelReference("tiny")

  /// "tiny", or the path of a checkpoint file or folder.
  public let name: String
  /// A configuration file that replaces the checkpoint's own; nil takes that, or the published
  /// defaults.
  public let configuration: String?

  public init(_ name: String, configuration: String? = nil) {
    self.name = name
    self.configuration = configuration
  }

  /// Whether the weights are part of the program.
  public var isEmbedded: Bool { name == "tiny" }
}

/// What tells one model from another.
public struct ModelIdentity: Codable, Hashable, Sendable, CustomStringConvertible {
  /// "hunyuan_vae", "autoencoder_2d" or "dc_ae".
  public let family: String
  /// "tiny", or the checkpoint's file name.
  public let name: String
  /// Of the checkpoint's bytes, of its shards in index order; hexadecimal.
  public let sha256: String

  public init(family: String, name: String, sha256: String) {
    self.family = family
    self.name = name
    self.sha256 = sha256
  }

  /// "NAME (FAMILY, sha256 0123456789ab)".
  public var description: String { "\(name) (\(family), sha256 \(sha256.prefix(12)))" }
}
