import Tensor

/// Sizes and cuts of one stream through a model, in the direction it runs.
struct StreamLayout {
  let channels: Int
  /// Input height and width as they come, without padding.
  let height: Int
  let width: Int
  let spatial: SpatialTiles
  let temporal: TemporalTiles

  /// Frames to latents.
  static func encoding(
    _ geometry: CompressionGeometry, _ plan: TilePlan, height: Int, width: Int
  ) -> StreamLayout {
    let (paddedHeight, paddedWidth) = (
      geometry.paddedSide(for: height), geometry.paddedSide(for: width)
    )
    return StreamLayout(
      channels: geometry.channels, height: height, width: width,
      spatial: SpatialTiles(
        cut: plan.spatial?.encoding, height: paddedHeight, width: paddedWidth,
        outputHeight: paddedHeight / geometry.space, outputWidth: paddedWidth / geometry.space),
      temporal: TemporalTiles(
        cut: geometry.imageBatch(height: paddedHeight, width: paddedWidth)
          ?? plan.temporal?.encoding, lead: geometry.lead, joinsLoneTail: false))
  }

  /// Latents to frames.
  static func decoding(
    _ geometry: CompressionGeometry, _ plan: TilePlan, height: Int, width: Int
  ) -> StreamLayout {
    let (fullHeight, fullWidth) = (height * geometry.space, width * geometry.space)
    let isBlockwise = if case .blocks = geometry.time { true } else { false }
    return StreamLayout(
      channels: geometry.latentChannels, height: height, width: width,
      spatial: SpatialTiles(
        cut: plan.spatial?.decoding, height: height, width: width, outputHeight: fullHeight,
        outputWidth: fullWidth),
      temporal: TemporalTiles(
        cut: geometry.imageBatch(height: fullHeight, width: fullWidth) ?? plan.temporal?.decoding,
        lead: geometry.lead, joinsLoneTail: isBlockwise))
  }

  func makeStream(_ body: @escaping (Tensor) throws -> Tensor) -> TileStream {
    TileStream(
      queue: FrameQueue(channels: channels, height: height, width: width), tiles: temporal,
      spatial: spatial, body)
  }
}

extension CompressionGeometry {
  /// Samples that a causal tile holds beyond its size.
  fileprivate var lead: Int { if case .causal = time { 1 } else { 0 } }

  /// Frames of a model of single images that are computed together, for speed alone.
  fileprivate func imageBatch(height: Int, width: Int) -> TileCut? {
    guard case .none = time else { return nil }
    let frames = max(1, min(8, 512 * 512 / (height * width)))
    return TileCut(size: frames, stride: frames, blend: 0, kept: frames)
  }
}
