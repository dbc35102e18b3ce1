/// Which latents of the encoder's distribution are kept.
public enum PosteriorChoice: Hashable, Sendable {
  /// Its mean.
  case mode
  /// Values drawn from it; the same seed draws the same for any tiles and threads.
  case sample(seed: UInt64)
  /// The distribution itself: `mean` and `logvar`, unscaled.
  case moments

  /// "mode", "sample" or "moments".
  public var name: String {
    switch self {
    case .mode: "mode"
    case .sample: "sample"
    case .moments: "moments"
    }
  }

  /// The choice of that name; a sample needs a seed.
  init?(name: String, seed: String?) {
    switch name {
    case "mode": self = .mode
    case "moments": self = .moments
    case "sample":
      guard let seed = seed.flatMap(UInt64.init) else { return nil }
      self = .sample(seed: seed)
    default: return nil
    }
  }
}
