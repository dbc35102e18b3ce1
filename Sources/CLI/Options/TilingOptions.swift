import ArgumentParser
import Codec
import Models

/// How pictures and clips are cut into tiles; the model's configuration decides what is not given.
struct TilingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Side of a spatial tile (sample_size).", valueName: "pixels"))
  var tileSize: Int?

  @Option(help: ArgumentHelp("Frames of a temporal tile (sample_tsize).", valueName: "n"))
  var tileFrames: Int?

  @Option(
    help: ArgumentHelp("Share of a tile that overlaps the next, 0 to 0.5.", valueName: "fraction"))
  var tileOverlap: Double?

  @Flag(help: "Compute the whole clip at once.")
  var noTiling = false

  @Flag(help: "Choose smaller tiles when memory would not do.")
  var autoTile = false

  func validate() throws {
    if noTiling, tileSize != nil || tileFrames != nil || tileOverlap != nil || autoTile {
      throw ValidationError("--no-tiling goes with no other tile option")
    }
  }
}

extension TilingOptions {
  /// The same for a model.
  var options: TileOptions {
    TileOptions(
      enabled: noTiling ? false : nil, size: tileSize, frames: tileFrames, overlap: tileOverlap)
  }

  /// The same for a pipeline.
  var choice: TilingChoice { TilingChoice(options, automatic: autoTile) }
}
