import Models
import NN
import Tensor

/// Measures a model on a clip of noise: speed of encoder and decoder, arithmetic, memory.
public struct Benchmark: Sendable {
  /// What is timed.
  public enum Pass: String, Codable, Sendable, CaseIterable {
    case encode, decode
  }

  public var width = 256
  public var height = 256
  public var frames = 17
  public var tiles = TileOptions()
  /// Which passes to time; a process that runs one alone shows that one's peak memory.
  public var passes = Pass.allCases
  /// Timed runs of each pass; the median counts. One more goes before and is not counted when there
  /// are several.
  public var runs = 3
  /// Times every layer, too.
  public var countsLayers = false

  public init() {}

  /// Runs the passes on `model`.
  ///
  /// - Throws: ``Interrupted``, and what the model throws.
  public func run(_ model: LoadedModel, session: Session) throws -> BenchmarkResult {
    let autoencoder = model.autoencoder
    let geometry = autoencoder.geometry
    var result = BenchmarkResult(
      model: model.identity, engine: autoencoder.context.engineName,
      precision: autoencoder.context.precision.rawValue, threads: autoencoder.context.threads,
      width: width, height: height, frames: frames,
      parameters: autoencoder.parameterCount,
      peakRate: autoencoder.context.measurePeakRate() / 1e9)
    for pass in passes {
      let plan: RunPlan
      let work: () throws -> Void
      switch pass {
      case .encode:
        plan = try autoencoder.planEncoding(
          width: width, height: height, frames: frames, tiles: tiles)
        let clip = Self.noise([geometry.channels, frames, height, width], amplitude: 1)
        work = { _ = try autoencoder.encode(clip, tiles: tiles) }
      case .decode:
        plan = try autoencoder.planDecoding(
          width: width, height: height, frames: frames, tiles: tiles)
        let latents = Self.noise(
          [
            geometry.latentChannels, geometry.latentFrames(for: frames),
            geometry.paddedSide(for: height) / geometry.space,
            geometry.paddedSide(for: width) / geometry.space,
          ], amplitude: 1.7)
        let size = Extent(frames: frames, height: height, width: width)
        work = { _ = try autoencoder.decode(latents, cropTo: size, tiles: tiles) }
      }
      result.passes.append(try measure(pass, plan, on: autoencoder, session, work))
    }
    result.peakMemory = ProcessMemory.highWaterMark
    return result
  }

  private func measure(
    _ pass: Pass, _ plan: RunPlan, on autoencoder: VideoAutoencoder, _ session: Session,
    _ work: () throws -> Void
  ) throws -> BenchmarkResult.PassResult {
    var times: [Double] = []
    for run in 0..<(runs > 1 ? runs + 1 : 1) {
      try session.cancellation.check()
      let start = ContinuousClock.now
      try work()
      if runs == 1 || run > 0 { times.append(start.duration(to: .now).inSeconds) }
    }
    var layers: [BenchmarkResult.Layer]?
    if countsLayers {
      autoencoder.context.profile = Profile()
      try work()
      layers = autoencoder.context.profile?.entries.map(BenchmarkResult.Layer.init)
      autoencoder.context.profile = nil
    }
    let seconds = times.sorted()[times.count / 2]
    return BenchmarkResult.PassResult(
      pass: pass, seconds: seconds, runs: times, framesPerSecond: Double(frames) / seconds,
      multiplyAdds: plan.multiplyAdds, performedMultiplyAdds: plan.effectiveMultiplyAdds,
      effectiveRate: Double(plan.multiplyAdds) / seconds / 1e9,
      trueRate: Double(plan.effectiveMultiplyAdds) / seconds / 1e9,
      plannedMemory: plan.peakBytes, tiles: plan.tileCount, layers: layers)
  }

  /// Values spread evenly over ±`amplitude`, the same each time.
  private static func noise(_ shape: [Int], amplitude: Float) -> Tensor {
    var generator = SplitMix(state: 1)
    return Tensor(shape) { target in
      for i in target.indices { target[i] = generator.next() * amplitude }
    }
  }
}

/// SplitMix64, enough for noise.
private struct SplitMix {
  var state: UInt64

  /// In [-1, 1).
  mutating func next() -> Float {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Float(Int64(bitPattern: z) >> 40) / Float(1 << 23)
  }
}

extension Duration {
  /// The duration as a number of seconds.
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
