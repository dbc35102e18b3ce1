import Checkpoint
import Foundation
import Tensor

/// An engine, its threads and its memory: what layers compute on.
///
/// Not thread-safe: one thread uses a context at a time, and its activations with it.
public final class ComputeContext {
  /// How activations are stored.
  public let precision: Precision
  /// Number of compute threads. Results are the same bits for any number.
  public let threads: Int
  /// Set to gather times; nil (the default) gathers none.
  public var profile: Profile?
  /// Called before each operation; what it throws stops the layer that runs. For cancellation.
  public var beforeOperation: (() throws -> Void)?

  let engine: any Engine
  let arena: Arena
  /// Dry run: memory is counted, nothing is computed.
  let isPlanning: Bool
  let keptWeights: KeptWeights
  lazy var workers = WorkerPool(count: threads, onStart: engine.prepareThread)
  private var planned = Profile()
  private var usedWeights: [String: Int] = [:]

  /// A context for one model.
  /// - Parameters:
  ///   - engine: nil takes ``EngineKind/best``.
  ///   - precision: `.bf16` halves the memory on every CPU, and is faster on those with bfloat16
  ///     instructions.
  ///   - threads: nil takes all cores.
  ///   - memory: most bytes of activations and scratch memory, as ``Plan/arenaBytes``; layers throw
  ///     when they need more. nil sets no limit.
  public convenience init(
    engine: EngineKind? = nil, precision: Precision = .f32, threads: Int? = nil, memory: Int? = nil
  ) throws {
    try self.init(
      engine: engine, precision: precision, threads: threads, memory: memory, vectors: nil)
  }

  /// As the public initialiser, with `vectors` as the best unit that is used.
  package init(
    engine: EngineKind? = nil, precision: Precision = .f32, threads: Int? = nil, memory: Int? = nil,
    vectors: VectorUnit?
  ) throws {
    self.engine = try (engine ?? .best).makeEngine(vectors: vectors)
    self.precision = precision
    self.threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    arena = try Arena(limit: memory ?? .max)
    isPlanning = false
    keptWeights = KeptWeights(isPlanning: false)
  }

  private init(planning context: ComputeContext) {
    engine = context.engine
    precision = context.precision
    threads = context.threads
    arena = Arena(planning: ())
    isPlanning = true
    keptWeights = KeptWeights(isPlanning: true)
  }

  /// Name of the engine, as "onednn" or "plain".
  public var engineName: String { engine.name }

  /// Finds out what `body` would take on a context like `context`: runs it on one that counts memory
  /// and multiply-adds and computes nothing. In `body` make inputs with ``blank(_:channels:)``;
  /// ``download(_:)`` is not allowed.
  public static func plan(
    like context: ComputeContext, _ body: (ComputeContext) throws -> Void
  ) throws -> Plan {
    let dry = ComputeContext(planning: context)
    try body(dry)
    return Plan(
      arenaBytes: dry.arena.peak, keptBytes: dry.keptWeights.bytes,
      weightBytes: dry.usedWeights.values.reduce(0, +), layers: dry.planned.entries)
  }

  /// Most memory that activations, scratch memory and packed weights can have taken so far, in bytes.
  public var peakBytes: Int { arena.peak + keptWeights.bytes }

  /// Gives memory that is not in use back to the system.
  public func trim() {
    arena.trim()
  }

  /// An activation whose values are not set.
  public func blank(_ extent: Extent, channels: Int) throws -> Activation {
    let bytes = extent.positions * channels * precision.bytes
    return try Activation(
      extent: extent, channels: channels, storage: precision, block: arena.allocate(bytes))
  }

  /// Notes that a layer reads `weights`, so that a plan counts them once each.
  func note(_ weights: [Weight?]) {
    guard isPlanning else { return }
    for case let weight? in weights {
      usedWeights[weight.name] = weight.shape.reduce(1, *) * weight.dtype.size
    }
  }

  /// Runs `body` unless this is a dry run, and records it.
  func perform(
    _ operation: @autoclosure () -> String, layer: String = "", output: Activation,
    multiplyAdds: Int = 0, effective: Int? = nil, _ body: () throws -> Void
  ) throws {
    let start = ContinuousClock.now
    if !isPlanning {
      try beforeOperation?()
      try body()
    }
    guard isPlanning || profile != nil else { return }
    let elapsed = (ContinuousClock.now - start).components
    let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    let entry = ProfileEntry(
      layer: layer, operation: operation(), output: output.extent, channels: output.channels,
      multiplyAdds: multiplyAdds, effectiveMultiplyAdds: effective ?? multiplyAdds,
      seconds: isPlanning ? 0 : seconds)
    if isPlanning { planned.add(entry) }
    profile?.add(entry)
  }
}
