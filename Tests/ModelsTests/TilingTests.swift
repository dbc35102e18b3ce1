import Testing

@testable import Models

@Suite struct TilingTests {
  private static let causal = CompressionGeometry(
    time: .causal(ratio: 4), space: 8, channels: 3, latentChannels: 16)
  private static let blocks = CompressionGeometry(
    time: .blocks(ratio: 4), space: 32, channels: 3, latentChannels: 128)
  private static let defaults = TileDefaults(
    spatial: true, temporal: true, size: 256, frames: 64, overlap: 0.25)

  /// Whatever the length, tiles of any valid size give as many frames as came in.
  @Test(arguments: [(16, 0.25), (64, 0.25), (16, 0), (16, 0.5), (32, 0.25), (48, 0.25)])
  func keepsAllFrames(size: Int, overlap: Double) throws {
    for geometry in [Self.causal, Self.blocks] {
      let options = TileOptions(frames: size, overlap: overlap)
      let plan = try TilePlan(options, defaults: Self.defaults, geometry: geometry)
      for frames in 1...150 {
        let padded = geometry.paddedFrames(for: frames)
        let latents = geometry.latentFrames(for: frames)
        #expect(padded >= frames && geometry.decodedFrames(for: latents) == padded)
        let encoding = StreamLayout.encoding(geometry, plan, height: 64, width: 64)
        let lead = geometry == Self.causal ? 1 : 0
        let encoded = length(encoding.temporal, of: padded) { max(1, ($0 - lead) / 4 + lead) }
        #expect(encoded == latents, "\(frames) frames")
        let decoding = StreamLayout.decoding(geometry, plan, height: 2, width: 2)
        let decoded = length(decoding.temporal, of: latents) { geometry.decodedFrames(for: $0) }
        #expect(decoded == padded, "\(frames) frames")
      }
    }
  }

  /// Frames that come out of `tiles` where each tile of n gives `output(n)`.
  private func length(
    _ tiles: TemporalTiles, of total: Int, _ output: (Int) -> Int
  ) -> Int {
    var (tiles, sum) = (tiles, 0)
    while let tile = tiles.next(available: total, ended: true) {
      let frames = output(tile.range.count) - tile.dropped
      sum += min(frames, tile.kept ?? frames)
    }
    return sum
  }

  /// Tiles come as soon as the stream is long enough, and are the same as for the whole clip.
  @Test func cutsStreamsLikeWholeClips() throws {
    for geometry in [Self.causal, Self.blocks] {
      let plan = try TilePlan(
        TileOptions(frames: 16), defaults: Self.defaults, geometry: geometry)
      let layout = StreamLayout.decoding(geometry, plan, height: 2, width: 2)
      for total in 1...40 {
        var (whole, stream) = (layout.temporal, layout.temporal)
        var (expected, actual) = ([TemporalTiles.Tile](), [TemporalTiles.Tile]())
        while let tile = whole.next(available: total, ended: true) { expected.append(tile) }
        for available in 1...total {
          while let tile = stream.next(available: available, ended: false) {
            #expect(tile.range.upperBound <= available)
            actual.append(tile)
          }
        }
        while let tile = stream.next(available: total, ended: true) { actual.append(tile) }
        #expect(actual == expected, "\(total) latents")
      }
    }
  }

  @Test(arguments: [
    (TileOptions(frames: 8), "tile frames 16"),
    (TileOptions(frames: 66), "tile frames 64"),
    (TileOptions(size: 250), "tile size 256"),
    (TileOptions(overlap: 0.3), "tile size 240, or tile overlap 0.3125"),
    (TileOptions(overlap: 0.7), "from 0 to 0.5"),
    (TileOptions(overlap: -0.1), "from 0 to 0.5"),
    (TileOptions(size: 0), "tile size 32"),
    (TileOptions(size: .max), "at most"),
    (TileOptions(enabled: false, size: 256), "switched off"),
  ])
  func refusesWithNeighbour(options: TileOptions, neighbour: String) {
    #expect {
      try TilePlan(options, defaults: Self.defaults, geometry: Self.causal)
    } throws: { error in
      "\(error)".contains(neighbour)
    }
  }

  @Test func neighboursWork() throws {
    for size in 1...300 {
      for overlap in [0, 0.1, 0.125, 0.25, 0.3, 0.5] {
        let axis = TileAxis(size: size, ratio: 4, overlap: overlap)
        do {
          let checked = try TileAxis.checked(
            size: size, ratio: 4, overlap: overlap, minimum: 8, what: "tile frames", unit: "frames")
          #expect(checked.isExact)
        } catch let error as ModelError {
          #expect(!axis.isExact || size < 8)
          let named = error.description.matches(of: /the nearest that works is tile frames (\d+)/)
          let neighbour = try #require(named.first.flatMap { Int($0.output.1) })
          #expect(TileAxis(size: neighbour, ratio: 4, overlap: overlap).isExact)
        }
      }
    }
  }

  @Test func imagesHaveNoTiles() {
    let images = CompressionGeometry(time: .none, space: 8, channels: 3, latentChannels: 16)
    #expect(throws: ModelError.self) {
      try TilePlan(TileOptions(size: 256), defaults: nil, geometry: images)
    }
    #expect(throws: Never.self) {
      try TilePlan(TileOptions(enabled: false), defaults: nil, geometry: images)
    }
  }

  /// One latent frame of a block-wise model decodes to a single frame: tiles need two.
  @Test func blocksNeedTwoLatentFrames() {
    #expect(throws: ModelError.self) {
      try TilePlan(
        TileOptions(frames: 4, overlap: 0), defaults: Self.defaults, geometry: Self.blocks)
    }
  }
}
