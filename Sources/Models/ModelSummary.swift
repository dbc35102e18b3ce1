import Checkpoint
import Tensor

/// What a checkpoint holds: read from names, shapes and configuration, without its values.
public struct ModelSummary: Sendable {
  public let configuration: ModelConfiguration
  /// Number of weights.
  public let parameterCount: Int
  public var tensorCount: Int { entries.count }
  /// Size of the weights in their files.
  public var byteCount: Int { entries.reduce(0) { $0 + $1.byteCount } }
  /// Types of the weights, the one most of them have first.
  public let dtypes: [DType]
  /// The tensors by the reference's names.
  let entries: [TensorEntry]
  /// Named in errors.
  private let source: String

  /// - Parameters:
  ///   - configuration: Open-Sora's keys or a diffusers `config.json`; nil takes the checkpoint's
  ///     own, and without one what names and shapes show and the published defaults.
  /// - Throws: `ModelError` where family or sizes stay open or disagree.
  public init(_ checkpoint: Checkpoint, configuration: JSONValue? = nil) throws {
    let names = CheckpointNames(checkpoint.entries)
    entries = names.entries
    self.configuration = try ModelConfiguration(
      given: configuration ?? checkpoint.configuration, tensors: TensorShapes(names))
    parameterCount = entries.reduce(0) { $0 + $1.count }
    let counts = entries.reduce(into: [DType: Int]()) { $0[$1.dtype, default: 0] += $1.count }
    dtypes = counts.sorted { ($0.value, $1.key.rawValue) > ($1.value, $0.key.rawValue) }.map(\.key)
    source = checkpoint.paths.first ?? "checkpoint"
  }

  /// Throws `CheckpointError` naming the first tensors that are missing, misshapen or extra. Reads no
  /// values.
  public func checkShapes() throws {
    try makeModel().loader.checkShapes()
  }

  /// The architecture, and the loader that its layers took their tensors from.
  func makeModel() -> (model: any VideoModel, loader: WeightLoader) {
    let loader = WeightLoader(entries, source: source)
    return (configuration.makeModel(loader.root), loader)
  }
}
