import NN

/// What a ``Benchmark`` found. Rates are in 10⁹ multiply-adds per second.
public struct BenchmarkResult: Codable, Sendable {
  /// One pass over the clip.
  public struct PassResult: Codable, Sendable {
    public var pass: Benchmark.Pass
    /// Median of the runs.
    public var seconds: Double
    public var runs: [Double]
    public var framesPerSecond: Double
    /// Multiply-adds as the layers are defined.
    public var multiplyAdds: Int
    /// Multiply-adds that the engine carries out for them.
    public var performedMultiplyAdds: Int
    /// Defined multiply-adds per second.
    public var effectiveRate: Double
    /// Multiply-adds carried out per second.
    public var trueRate: Double
    /// Bytes that the dry run foretold.
    public var plannedMemory: Int
    public var tiles: Int
    /// One entry for each operation of a further, timed run.
    public var layers: [Layer]?
  }

  /// One operation.
  public struct Layer: Codable, Sendable {
    /// Name in the checkpoint; empty for operations without weights.
    public var name: String
    public var operation: String
    /// `[T, H, W, C]` of the result.
    public var output: [Int]
    public var seconds: Double
    public var multiplyAdds: Int
    public var performedMultiplyAdds: Int
    public var effectiveRate: Double

    init(_ entry: ProfileEntry) {
      name = entry.layer
      operation = entry.operation
      output = [entry.output.frames, entry.output.height, entry.output.width, entry.channels]
      seconds = entry.seconds
      multiplyAdds = entry.multiplyAdds
      performedMultiplyAdds = entry.effectiveMultiplyAdds
      effectiveRate = entry.seconds > 0 ? Double(entry.multiplyAdds) / entry.seconds / 1e9 : 0
    }
  }

  public var model: ModelIdentity
  public var engine: String
  public var precision: String
  public var threads: Int
  public var width: Int
  public var height: Int
  public var frames: Int
  public var parameters: Int
  /// What the threads reach on registers alone, in float32.
  public var peakRate: Double
  /// The process's high-water mark of resident memory in bytes, weights included; nil where the
  /// system does not tell.
  public var peakMemory: Int?
  public var passes: [PassResult] = []
}
