import Tensor

/// Runs a stream `[C, T, H, W]` through a model tile by tile, in time and space, and gives the joined
/// result out as soon as later tiles cannot change it.
final class TileStream {
  private static let timeAxis = 1

  private var queue: FrameQueue
  private var tiles: TemporalTiles
  private let spatial: SpatialTiles
  private let body: (Tensor) throws -> Tensor
  /// The end of the tile before, for the cross-fade.
  private var tail: Tensor?

  /// - Parameter body: maps one tile `[C, t, h, w]` to `[C', t', h', w']`.
  init(
    queue: FrameQueue, tiles: TemporalTiles, spatial: SpatialTiles,
    _ body: @escaping (Tensor) throws -> Tensor
  ) {
    self.queue = queue
    self.tiles = tiles
    self.spatial = spatial
    self.body = body
  }

  /// Inputs so far.
  var count: Int { queue.count }

  /// Takes `[C, n, H, W]` and returns what became final, in order.
  func push(_ frames: Tensor) throws -> [Tensor] {
    queue.append(frames)
    return try run(available: queue.count, ended: false)
  }

  /// Ends the stream; its last frame is repeated up to `length`.
  func finish(length: Int) throws -> [Tensor] {
    try run(available: length, ended: true)
  }

  private func run(available: Int, ended: Bool) throws -> [Tensor] {
    var results: [Tensor] = []
    while let tile = tiles.next(available: available, ended: ended) {
      let result = try compute(tile)
      if result.shape[Self.timeAxis] > 0 { results.append(result) }
      queue.drop(before: tiles.firstNeeded)
    }
    return results
  }

  private func compute(_ tile: TemporalTiles.Tile) throws -> Tensor {
    let axis = Self.timeAxis
    var output = try spatial.run(queue, frames: tile.range, body)
    output = output.part(axis: axis, from: tile.dropped, count: output.shape[axis])
    let blend = tiles.cut?.blend ?? 0
    if let tail { output.blend(from: tail, axis: axis, extent: blend) }
    guard let kept = tile.kept else { return output }
    tail = blend > 0 ? output.suffix(blend, axis: axis) : nil
    return output.part(axis: axis, from: 0, count: kept)
  }
}
