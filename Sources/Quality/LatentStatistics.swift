import Foundation
public import Tensor

/// Statistics of a set of latent values.
public struct LatentFigures: Codable, Hashable, Sendable {
  /// Statistics of some values.
  public struct Spread: Codable, Hashable, Sendable {
    public var mean: Double
    /// Population standard deviation.
    public var standardDeviation: Double
    public var minimum: Double
    public var maximum: Double
  }

  /// Values counted.
  public var count: Int
  /// Of all values.
  public var overall: Spread
  /// Of each channel.
  public var channels: [Spread]
  /// Divergence of the posterior from the standard normal distribution, in nats per latent value,
  /// 0.5 · (mean² + variance - 1 - log variance) on average; `nil` where the variance is unknown.
  public var divergence: Double?

  /// Mean and standard deviation as Open-Sora's `scripts/vae/stats.py` prints them.
  public var summary: String {
    String(format: "Mean: %.4f, std: %.4f", overall.mean, overall.standardDeviation)
  }
}

/// Gathers the statistics of latents chunk by chunk.
public struct LatentStatistics: Sendable {
  private var channels: [Moments] = []
  private var divergenceSum = 0.0
  private var divergenceCount = 0

  public init() {}

  /// Adds latents `[Z, t, h, w]`, every chunk of the same `Z`.
  public mutating func add(_ latents: Tensor) {
    let count = latents.shape.first ?? 0
    if channels.isEmpty { channels = Array(repeating: Moments(), count: count) }
    precondition(channels.count == count, "\(count) channels after \(channels.count)")
    guard latents.count > 0 else { return }
    let area = latents.count / count
    latents.withValues { values in
      for channel in 0..<count {
        channels[channel].add(values[channel * area..<(channel + 1) * area])
      }
    }
  }

  /// Adds the divergence of a posterior given by `mean` and `logVariance`, of one shape.
  public mutating func addDivergence(mean: Tensor, logVariance: Tensor) {
    precondition(mean.shape == logVariance.shape, "\(mean.shape) and \(logVariance.shape)")
    mean.withValues { means in
      logVariance.withValues { logVariances in
        for (mean, logVariance) in zip(means, logVariances) {
          let (mean, logVariance) = (Double(mean), Double(logVariance))
          divergenceSum += 0.5 * (mean * mean + exp(logVariance) - 1 - logVariance)
        }
      }
    }
    divergenceCount += mean.count
  }

  /// The statistics of all chunks so far, `nil` before the first value.
  public var figures: LatentFigures? {
    var all = Moments()
    for channel in channels { all.merge(channel) }
    guard all.count > 0 else { return nil }
    return LatentFigures(
      count: all.count, overall: all.spread, channels: channels.map(\.spread),
      divergence: divergenceCount > 0 ? divergenceSum / Double(divergenceCount) : nil)
  }
}

/// Count, mean and sum of squared deviations, which merge without loss of digits (Chan et al.).
private struct Moments: Sendable {
  var count = 0
  private var mean = 0.0
  private var deviations = 0.0
  private var minimum = Double.infinity
  private var maximum = -Double.infinity

  mutating func add(_ values: Slice<UnsafeBufferPointer<Float>>) {
    var chunk = Moments()
    var sum = 0.0
    for value in values {
      sum += Double(value)
      chunk.minimum = min(chunk.minimum, Double(value))
      chunk.maximum = max(chunk.maximum, Double(value))
    }
    chunk.count = values.count
    chunk.mean = sum / Double(values.count)
    for value in values {
      let deviation = Double(value) - chunk.mean
      chunk.deviations += deviation * deviation
    }
    merge(chunk)
  }

  mutating func merge(_ other: Moments) {
    guard other.count > 0 else { return }
    let total = count + other.count
    let distance = other.mean - mean
    let share = Double(other.count) / Double(total)
    deviations += other.deviations + distance * distance * Double(count) * share
    mean += distance * share
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    count = total
  }

  var spread: LatentFigures.Spread {
    LatentFigures.Spread(
      mean: mean, standardDeviation: (deviations / Double(max(count, 1))).squareRoot(),
      minimum: minimum, maximum: maximum)
  }
}
