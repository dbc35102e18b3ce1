/// The tiles a run uses.
public struct TileGeometry: Hashable, Sendable {
  /// Height and width of a tile in pixels; nil where pictures are not cut.
  public let size: Int?
  /// Frames of a tile; nil where clips are not cut.
  public let frames: Int?
  /// Fraction of a tile that its neighbour covers too; nil where nothing is cut.
  public let overlap: Double?
  /// Whether the family knows tiles at all.
  public let isAvailable: Bool
}

extension VideoAutoencoder {
  /// The tiles that `options` come to with this model.
  /// - Throws: `ModelError` on options that do not work, naming ones that do.
  public func tileGeometry(_ options: TileOptions = TileOptions()) throws -> TileGeometry {
    let plan = try TilePlan(options, defaults: configuration.tiles, geometry: geometry)
    return TileGeometry(
      size: plan.spatial?.size, frames: plan.temporal?.size,
      overlap: plan.spatial?.overlap ?? plan.temporal?.overlap,
      isAvailable: configuration.tiles != nil)
  }
}
