import Media
import Tensor

/// All that a result depends on, as one digest: the same recipe means the same result.
struct Recipe {
  private var lines: [String]

  /// Nil for an input that cannot be told again, as standard input.
  ///
  /// - Throws: ``CodecError`` where the input cannot be read.
  init?(_ work: String, of input: String, model: LoadedModel) throws {
    guard let fingerprint = try Digest.fingerprint(of: input) else { return nil }
    lines = [
      "vaecodec \(LatentInfo.formatVersion) \(work)", "model=\(model.identity.sha256)",
      "configuration=\(model.configurationDigest ?? "")",
      "precision=\(model.autoencoder.context.precision)", "source=\(fingerprint)",
    ]
  }

  /// Adds one ingredient; its description must tell all of it.
  mutating func add(_ name: String, _ value: Any) {
    lines.append("\(name)=\(value)")
  }

  /// Adds what encoding depends on.
  mutating func add(
    _ reader: ReaderOptions, _ posterior: PosteriorChoice, _ dtype: DType, _ tiles: TilingChoice
  ) {
    add("reader", reader)
    add("posterior", posterior)
    add("dtype", dtype)
    add("tiles", tiles.options)
  }

  /// SHA-256, hexadecimal.
  var digest: String { Digest.sha256(lines.joined(separator: "\n")) }

  /// The error for an output that something else made.
  static func differs(_ path: String) -> CodecError {
    CodecError(
      path, "exists, made of another source, model or options; --overwrite replaces it")
  }
}
