/// The tile grid of one run; an axis that is nil is not cut.
struct TilePlan: Hashable, Sendable {
  /// Height and width.
  var spatial: TileAxis?
  var temporal: TileAxis?

  /// The configuration's tiles with the user's changes.
  /// - Parameter defaults: nil where the family knows no tiles.
  init(_ options: TileOptions, defaults: TileDefaults?, geometry: CompressionGeometry) throws {
    guard let defaults else {
      guard options.size == nil, options.frames == nil, options.overlap == nil else {
        throw ModelError(
          "autoencoder_2d has no tiles, each frame is an image of its own; leave the tile options out"
        )
      }
      return
    }
    if options.enabled == false {
      guard options.size == nil, options.frames == nil, options.overlap == nil else {
        throw ModelError("a tile size was given with tiling switched off; leave one of them out")
      }
      return
    }
    let overlap = options.overlap ?? defaults.overlap
    if options.enabled ?? (defaults.spatial || options.size != nil) {
      spatial = try .checked(
        size: options.size ?? defaults.size, ratio: geometry.space, overlap: overlap, minimum: 1,
        what: "tile size", unit: "pixels")
    }
    if options.enabled ?? (defaults.temporal || options.frames != nil) {
      // One latent frame of a block-wise model decodes to a single frame.
      let minimum = if case .blocks(let ratio) = geometry.time { 2 * ratio } else { 1 }
      temporal = try .checked(
        size: options.frames ?? defaults.frames, ratio: geometry.timeRatio, overlap: overlap,
        minimum: minimum, what: "tile frames", unit: "frames")
    }
  }
}
