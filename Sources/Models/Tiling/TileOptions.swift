/// What a user may change about the tiles; nil leaves the model's configuration as it is.
public struct TileOptions: Hashable, Sendable {
  /// False cuts nothing: memory then grows with the clip.
  public var enabled: Bool?
  /// Height and width of a tile in pixels (`sample_size`, `spatial_tile_size`).
  public var size: Int?
  /// Frames of a tile (`sample_tsize`, `temporal_tile_size`); causal tiles hold one more.
  public var frames: Int?
  /// Fraction of a tile that its neighbour covers too, 0 to 0.5.
  public var overlap: Double?

  public init(
    enabled: Bool? = nil, size: Int? = nil, frames: Int? = nil, overlap: Double? = nil
  ) {
    self.enabled = enabled
    self.size = size
    self.frames = frames
    self.overlap = overlap
  }
}

/// Tiles as a model's configuration has them.
struct TileDefaults: Hashable, Sendable {
  var spatial: Bool
  var temporal: Bool
  var size: Int
  var frames: Int
  var overlap: Double
}
