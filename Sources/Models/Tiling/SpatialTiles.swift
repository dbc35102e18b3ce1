import Tensor

/// Runs a stretch of a stream in tiles over height and width, and joins the results.
struct SpatialTiles {
  /// nil: the picture is one tile.
  let cut: TileCut?
  /// Input height and width, padded.
  let height: Int
  let width: Int
  /// Output height and width.
  let outputHeight: Int
  let outputWidth: Int

  private static let rowAxis = 2
  private static let columnAxis = 3

  /// Computes `frames` of `queue`; `body` maps `[C, T, h, w]` to `[C', T', h', w']`.
  ///
  /// Each tile is blended with the one above, then with the one to the left, both of which have
  /// been blended themselves: the reference's order.
  func run(
    _ queue: FrameQueue, frames: Range<Int>, _ body: (Tensor) throws -> Tensor
  ) throws -> Tensor {
    guard let cut, max(height, width) > cut.size else {
      return try body(queue.window(frames: frames, rows: 0..<height, columns: 0..<width))
    }
    var output: Tensor?
    var above: [Tensor] = []
    for (i, top) in stride(from: 0, to: height, by: cut.stride).enumerated() {
      var bottoms: [Tensor] = []
      var left: Tensor?
      for (j, start) in stride(from: 0, to: width, by: cut.stride).enumerated() {
        var tile = try body(
          queue.window(
            frames: frames, rows: top..<min(top + cut.size, height),
            columns: start..<min(start + cut.size, width)))
        if i > 0 { tile.blend(from: above[j], axis: Self.rowAxis, extent: cut.blend) }
        if let left { tile.blend(from: left, axis: Self.columnAxis, extent: cut.blend) }
        left = tile.suffix(cut.blend, axis: Self.columnAxis)
        bottoms.append(tile.suffix(cut.blend, axis: Self.rowAxis))
        if output == nil {
          output = Tensor([tile.shape[0], tile.shape[1], outputHeight, outputWidth])
        }
        output?.place(tile, row: i * cut.kept, column: j * cut.kept, limit: cut.kept)
      }
      above = bottoms
    }
    return output ?? Tensor([0, 0, outputHeight, outputWidth])
  }

  /// The extents `[frames, height, width]` that ``run(_:frames:_:)`` hands on, with how often.
  func extents(frames: Int) -> [[Int]: Int] {
    let rows = lengths(height)
    let columns = lengths(width)
    var counts: [[Int]: Int] = [:]
    for row in rows {
      for column in columns { counts[[frames, row, column], default: 0] += 1 }
    }
    return counts
  }

  private func lengths(_ side: Int) -> [Int] {
    guard let cut, max(height, width) > cut.size else { return [side] }
    return stride(from: 0, to: side, by: cut.stride).map { min(cut.size, side - $0) }
  }
}

extension Tensor {
  /// Writes the upper left part of `tile`, at most `limit` high and wide, at a row and column.
  fileprivate mutating func place(_ tile: Tensor, row: Int, column: Int, limit: Int) {
    let (height, width) = (shape[2], shape[3])
    let (tileHeight, tileWidth) = (tile.shape[2], tile.shape[3])
    let rows = min(limit, tileHeight, height - row)
    let columns = min(limit, tileWidth, width - column)
    tile.withValues { source in
      withMutableValues { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for plane in 0..<(tile.shape[0] * tile.shape[1]) {
          for y in 0..<rows {
            (to + (plane * height + row + y) * width + column).update(
              from: from + (plane * tileHeight + y) * tileWidth, count: columns)
          }
        }
      }
    }
  }
}
