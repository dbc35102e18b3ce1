/// How a family's latents relate to frames and pixels.
public struct CompressionGeometry: Hashable, Sendable {
  /// How the time axis is compressed.
  public enum Time: Hashable, Sendable {
    /// Each frame is an image of its own.
    case none
    /// `ratio·k + 1` frames make `k + 1` latent frames: the first one stands for itself.
    case causal(ratio: Int)
    /// `ratio·k` frames make `k` latent frames, but a single frame makes one.
    case blocks(ratio: Int)
  }

  public let time: Time
  /// Pixels per latent, along height and width.
  public let space: Int
  /// Channels of the frames, 3.
  public let channels: Int
  public let latentChannels: Int

  /// Frames per latent frame.
  public var timeRatio: Int {
    switch time {
    case .none: 1
    case .causal(let ratio), .blocks(let ratio): ratio
    }
  }

  /// The least number of frames, at least `frames`, that the model takes: it repeats the last one.
  ///
  /// Two blocks at least where time is compressed in blocks, as one latent frame decodes to a single
  /// frame.
  public func paddedFrames(for frames: Int) -> Int {
    switch time {
    case .none: frames
    case .causal(let ratio): (frames - 1).roundedUp(to: ratio) + 1
    case .blocks(let ratio): frames == 1 ? 1 : max(2 * ratio, frames.roundedUp(to: ratio))
    }
  }

  /// Latent frames of a clip of `frames` frames.
  public func latentFrames(for frames: Int) -> Int {
    let padded = paddedFrames(for: frames)
    return switch time {
    case .none: padded
    case .causal(let ratio): (padded - 1) / ratio + 1
    case .blocks(let ratio): max(1, padded / ratio)
    }
  }

  /// Frames that `latentFrames` decode to, before cropping.
  public func decodedFrames(for latentFrames: Int) -> Int {
    switch time {
    case .none: latentFrames
    case .causal(let ratio): (latentFrames - 1) * ratio + 1
    case .blocks(let ratio): latentFrames == 1 ? 1 : latentFrames * ratio
    }
  }

  /// A height or width of `pixels` padded to what the model takes: it repeats the last line.
  public func paddedSide(for pixels: Int) -> Int { pixels.roundedUp(to: space) }
}

extension Int {
  /// The least multiple of `factor` that is not below.
  func roundedUp(to factor: Int) -> Int { (self + factor - 1) / factor * factor }

  /// The exponent where this is a power of two.
  var exactLog2: Int? {
    self > 0 && nonzeroBitCount == 1 ? trailingZeroBitCount : nil
  }
}
