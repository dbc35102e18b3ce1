import Foundation
import Tensor

/// What an encoder knows about the latents of a clip, or of a stretch of one.
public struct Posterior: Sendable {
  /// `[Z, t, h, w]`, unscaled.
  public let mean: Tensor
  /// Logarithm of the variance, clamped to [-30, 20]; nil where the encoder is deterministic.
  public let logvar: Tensor?
  /// Where in the whole clip's latents this stretch begins.
  public let firstFrame: Int

  public init(mean: Tensor, logvar: Tensor?, firstFrame: Int = 0) {
    self.mean = mean
    self.logvar = logvar
    self.firstFrame = firstFrame
  }

  /// Splits an encoder's moments `[2·Z, t, h, w]`.
  init(moments: Tensor, firstFrame: Int) {
    let z = moments.shape[0] / 2
    mean = moments.slice(axis: 0, 0..<z)
    var logvar = moments.slice(axis: 0, z..<2 * z)
    logvar.withMutableValues { values in
      for i in values.indices { values[i] = min(max(values[i], -30), 20) }
    }
    self.logvar = logvar
    self.firstFrame = firstFrame
  }

  /// The most likely latents: the mean.
  public func mode() -> Tensor { mean }

  /// Latents drawn with Philox 4×32-10 and Box-Muller, numbered by element in `[t, Z, h, w]` order
  /// of the whole clip: the same for any tiles, threads and stretches.
  public func sample(seed: UInt64) -> Tensor {
    guard let logvar else { return mean }
    let philox = Philox(seed: seed)
    let frames = mean.shape[1]
    let plane = mean.shape[2] * mean.shape[3]
    let channels = mean.shape[0]
    var result = mean
    logvar.withValues { logvar in
      result.withMutableValues { values in
        for c in 0..<channels {
          for t in 0..<frames {
            let first = ((firstFrame + t) * channels + c) * plane
            let local = (c * frames + t) * plane
            var (block, normals) = (-1, SIMD4<Float>.zero)
            for i in 0..<plane {
              let index = first + i
              if index / 4 != block {
                block = index / 4
                normals = philox.normals(UInt64(block))
              }
              values[local + i] += Float(exp(0.5 * Double(logvar[local + i]))) * normals[index % 4]
            }
          }
        }
      }
    }
    return result
  }

  /// Kullback-Leibler divergence from N(0, 1) of each latent frame, in nats; their sum is the
  /// clip's. Zeros where the encoder is deterministic.
  public func divergences() -> [Double] {
    let frames = mean.shape[1]
    let plane = mean.shape[2] * mean.shape[3]
    var sums = [Double](repeating: 0, count: frames)
    guard let logvar else { return sums }
    mean.withValues { mean in
      logvar.withValues { logvar in
        for i in mean.indices {
          let (m, l) = (Double(mean[i]), Double(logvar[i]))
          sums[i / plane % frames] += 0.5 * (m * m + exp(l) - 1 - l)
        }
      }
    }
    return sums
  }

  /// The stretches of one clip in order, as one.
  public static func joined(_ parts: [Posterior]) -> Posterior? {
    guard let first = parts.first else { return nil }
    guard parts.count > 1 else { return first }
    let logvars = parts.compactMap(\.logvar)
    return Posterior(
      mean: .concatenate(parts.map(\.mean), axis: 1),
      logvar: logvars.count == parts.count ? .concatenate(logvars, axis: 1) : nil,
      firstFrame: first.firstFrame)
  }
}
