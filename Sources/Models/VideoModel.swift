import NN

/// One loaded architecture: what it does to a single tile.
protocol VideoModel {
  /// Frames `[T, H, W, 3]` in [-1, 1] to moments `[t, h, w, 2·Z]`, or to latents `[t, h, w, Z]` where
  /// the family is deterministic. All sides are padded already.
  func encode(_ x: consuming Activation, _ c: ComputeContext) throws -> Activation

  /// Unscaled latents `[t, h, w, Z]` to frames.
  func decode(_ z: consuming Activation, _ c: ComputeContext) throws -> Activation
}
