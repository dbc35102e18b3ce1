/// What flows between layers: `[frames, height, width, channels]` of one clip, in a context's arena.
///
/// The memory goes back to the arena when the last reference goes: pass activations on as
/// `consuming` and keep none that is no longer needed.
public final class Activation {
  public let extent: Extent
  public let channels: Int
  let storage: Precision
  let block: ArenaBlock
  /// Per frame the sums of each channel and of their squares, `[frames, 2, channels]` doubles, where
  /// whatever wrote the activation gathered them on the way.
  var sums: ArenaBlock?

  init(extent: Extent, channels: Int, storage: Precision, block: ArenaBlock) {
    self.extent = extent
    self.channels = channels
    self.storage = storage
    self.block = block
  }

  /// Number of values.
  var count: Int { extent.positions * channels }
}
