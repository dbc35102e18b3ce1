import NN

/// What encoding or decoding a clip will take.
public struct RunPlan: Sendable {
  /// Memory at the peak in bytes: activations, weights, tiles and the frames they are cut from.
  public let peakBytes: Int
  /// What of this frames and latents take that wait, are cut out and joined; it is held from the first
  /// tile to the last.
  public let frameBytes: Int
  /// Multiply-adds as the layers are defined.
  public let multiplyAdds: Int
  /// Multiply-adds that the engine carries out.
  public let effectiveMultiplyAdds: Int
  /// Number of tiles.
  public let tileCount: Int
}

extension VideoAutoencoder {
  /// What encoding `frames` frames of `width` × `height` will take; nothing is computed.
  public func planEncoding(
    width: Int, height: Int, frames: Int, tiles: TileOptions = TileOptions()
  ) throws -> RunPlan {
    let layout = try encodingLayout(width: width, height: height, tiles: tiles)
    return try plan(
      layout, length: geometry.paddedFrames(for: frames), encodes: true)
  }

  /// What decoding them will take.
  public func planDecoding(
    width: Int, height: Int, frames: Int, tiles: TileOptions = TileOptions()
  ) throws -> RunPlan {
    let layout = try decodingLayout(
      width: geometry.paddedSide(for: width) / geometry.space,
      height: geometry.paddedSide(for: height) / geometry.space, tiles: tiles)
    return try plan(
      layout, length: geometry.latentFrames(for: frames), encodes: false)
  }

  private func plan(_ layout: StreamLayout, length: Int, encodes: Bool) throws -> RunPlan {
    var tiles = layout.temporal
    var counts: [[Int]: Int] = [:]
    var longest = 0
    while let tile = tiles.next(available: length, ended: true) {
      longest = max(longest, tile.range.count)
      for (extent, count) in layout.spatial.extents(frames: tile.range.count) {
        counts[extent, default: 0] += count
      }
    }
    var (peak, adds, effective) = (0, 0, 0)
    for (extent, count) in counts {
      let plan = try dryRun(
        Extent(frames: extent[0], height: extent[1], width: extent[2]),
        channels: layout.channels, encodes: encodes)
      peak = max(peak, plan.arenaBytes + plan.keptBytes)
      adds += count * plan.multiplyAdds
      effective += count * plan.effectiveMultiplyAdds
    }
    // Loading reads every weight once, so that all of them count, whichever half runs.
    let frames = streamBytes(layout, longest: longest, encodes: encodes)
    return RunPlan(
      peakBytes: weightBytes + peak + frames, frameBytes: frames,
      multiplyAdds: adds, effectiveMultiplyAdds: effective,
      tileCount: counts.values.reduce(0, +))
  }

  /// Frames and latents of one stretch: waiting, cut out and joined.
  private func streamBytes(_ layout: StreamLayout, longest: Int, encodes: Bool) -> Int {
    let spatial = layout.spatial
    let outputFrames =
      encodes ? geometry.latentFrames(for: longest) : geometry.decodedFrames(for: longest)
    let outputChannels =
      encodes ? geometry.latentChannels * (configuration.hasMoments ? 2 : 1) : geometry.channels
    let input = layout.channels * longest * layout.height * layout.width
    let output = outputChannels * outputFrames * spatial.outputHeight * spatial.outputWidth
    return 2 * (input + output) * MemoryLayout<Float>.stride
  }
}
