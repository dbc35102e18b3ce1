/// All that a result depends on, as one digest: the same recipe means the same result.
struct Recipe {
  private var lines: [String]

  init(_ work: String, model: LoadedModel) {
    lines = [
      "vaecodec \(LatentInfo.formatVersion) \(work)", "model=\(model.identity.sha256)",
      "configuration=\(model.configurationDigest ?? "")",
      "precision=\(model.autoencoder.context.precision)",
    ]
  }

  /// Adds one ingredient; its description must tell all of it.
  mutating func add(_ name: String, _ value: Any) {
    lines.append("\(name)=\(value)")
  }

  /// SHA-256, hexadecimal.
  var digest: String { Digest.sha256(lines.joined(separator: "\n")) }

  /// The error for an output that something else made.
  static func differs(_ path: String) -> CodecError {
    CodecError(
      path, "exists, made of another source, model or options; --overwrite replaces it")
  }
}
