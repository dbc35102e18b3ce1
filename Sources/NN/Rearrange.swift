internal import CKernels

/// Parameter-free shortcuts of the DC-AE: samples move between channels and positions.
///
/// The channel order of a moved block is (c, dt, dh, dw), fastest last.
public enum Rearrange {
  /// Space (and time) to depth, then the mean over groups of consecutive channels.
  /// - Parameters:
  ///   - time: halves the frames, whose number must be even.
  ///   - space: halves height and width, which must be even.
  ///   - channels: of the result; divides `x.channels · (time ? 2 : 1) · (space ? 4 : 1)`.
  public static func spaceToDepthMean(
    _ x: Activation, time: Bool, space: Bool, to channels: Int, _ c: ComputeContext
  ) throws -> Activation {
    let factor = Axes(t: time ? 2 : 1, h: space ? 2 : 1, w: space ? 2 : 1)
    let deep = x.channels * factor.product
    precondition(
      deep % channels == 0 && x.extent.frames % factor.t == 0
        && x.extent.height % factor.h == 0 && x.extent.width % factor.w == 0,
      "\(x.extent) x \(x.channels) does not fold into \(channels) channels")
    let extent = Extent(
      frames: x.extent.frames / factor.t, height: x.extent.height / factor.h,
      width: x.extent.width / factor.w)
    let output = try c.blank(extent, channels: channels)
    try c.perform("space to depth", output: output) {
      let (from, to) = (UnsafeRawPointer(x.block.pointer), output.block.pointer)
      let (input, type, bytes) = (x.extent, x.storage.kernelType, x.storage.bytes)
      // Where the values that make up one position's lie, from its first one on.
      let offsets = (0..<deep).map { index in
        let (channel, phase) = (index / factor.product, index % factor.product)
        let (t, h) = (phase / (factor.h * factor.w), phase / factor.w % factor.h)
        let position = (t * input.height + h) * input.width + phase % factor.w
        return Int32(position * x.channels + channel)
      }
      c.workers.run(blocks: extent.frames * extent.height) { row, _ in
        let (t, h) = (row / extent.height * factor.t, row % extent.height * factor.h)
        for w in 0..<extent.width {
          let corner = (t * input.height + h) * input.width + w * factor.w
          plain_gather_mean(
            from + corner * x.channels * bytes, type, offsets, deep / channels, channels,
            to + (row * extent.width + w) * channels * bytes)
        }
      }
    }
    return output
  }

  /// Each channel repeated consecutively, then depth to space (and time).
  /// - Parameters:
  ///   - time: doubles the frames.
  ///   - space: doubles height and width.
  ///   - channels: of the result; `channels · (time ? 2 : 1) · (space ? 4 : 1)` is a multiple of
  ///     `x.channels`.
  public static func repeatDepthToSpace(
    _ x: Activation, time: Bool, space: Bool, to channels: Int, _ c: ComputeContext
  ) throws -> Activation {
    let factor = Axes(t: time ? 2 : 1, h: space ? 2 : 1, w: space ? 2 : 1)
    let deep = channels * factor.product
    precondition(
      deep % x.channels == 0, "\(x.channels) channels do not unfold into \(channels)")
    let extent = Extent(
      frames: x.extent.frames * factor.t, height: x.extent.height * factor.h,
      width: x.extent.width * factor.w)
    let output = try c.blank(extent, channels: channels)
    try c.perform("depth to space", output: output) {
      let (from, to) = (UnsafeRawPointer(x.block.pointer), output.block.pointer)
      let (input, type, bytes) = (x.extent, x.storage.kernelType, x.storage.bytes)
      let repeats = deep / x.channels
      // For each place in a block the channels its values come from.
      let sources = (0..<factor.product).map { phase in
        (0..<channels).map { Int32(($0 * factor.product + phase) / repeats) }
      }
      c.workers.run(blocks: extent.frames * extent.height) { row, _ in
        let (t, h) = (row / extent.height, row % extent.height)
        let start = (t / factor.t * input.height + h / factor.h) * input.width
        for w in 0..<extent.width {
          let phase = (t % factor.t * factor.h + h % factor.h) * factor.w + w % factor.w
          plain_gather_mean(
            from + (start + w / factor.w) * x.channels * bytes, type, sources[phase], 1, channels,
            to + (row * extent.width + w) * channels * bytes)
        }
      }
    }
    return output
  }
}
