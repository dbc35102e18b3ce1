import CTinyModel
public import Checkpoint
import Foundation
public import Models
public import NN

/// What a model runs on.
public struct ComputeOptions: Hashable, Sendable {
  /// nil takes the fastest that this build has.
  public var engine: EngineKind?
  public var precision: Precision
  /// nil takes all cores. Results are the same for any number.
  public var threads: Int?

  public init(engine: EngineKind? = nil, precision: Precision = .f32, threads: Int? = nil) {
    self.engine = engine
    self.precision = precision
    self.threads = threads
  }
}

/// A model that is ready to run, and what tells it from others.
///
/// Not thread-safe: one thread at a time.
public final class LoadedModel {
  public let identity: ModelIdentity
  public let autoencoder: VideoAutoencoder
  /// Digest of the configuration file that replaced the checkpoint's own.
  let configurationDigest: String?

  /// Loads a model; its weights stay mapped.
  ///
  /// - Throws: ``CodecError`` for a name that is neither "tiny" nor a file or folder, and what
  ///   `Checkpoint` and `VideoAutoencoder` throw.
  public init(_ reference: ModelReference, on compute: ComputeOptions = ComputeOptions()) throws {
    let checkpoint = try reference.open()
    let configuration = try reference.readConfiguration()
    autoencoder = try naming(reference.name) {
      try VideoAutoencoder.load(
        checkpoint, configuration: configuration?.value, engine: compute.engine,
        precision: compute.precision, threads: compute.threads)
    }
    identity = ModelIdentity(
      family: autoencoder.family.rawValue, name: reference.title,
      sha256: try reference.digest(of: checkpoint))
    configurationDigest = reference.configuration == nil ? nil : configuration?.digest
  }

  /// Runs `body`, in which the model looks between its layers whether the session is cancelled.
  func interruptible<Result>(by session: Session, _ body: () throws -> Result) throws -> Result {
    autoencoder.context.beforeOperation = session.cancellation.check
    defer { autoencoder.context.beforeOperation = nil }
    return try body()
  }
}

extension ModelReference {
  /// "tiny", or the last part of the path.
  var title: String {
    isEmbedded ? name : name.fileName
  }

  /// The checkpoint that the reference names.
  public func open() throws -> Checkpoint {
    if isEmbedded {
      return try Checkpoint(embedded: Self.embeddedWeights, name: name)
    }
    guard FileManager.default.fileExists(atPath: name) else {
      throw CodecError(
        name, "no such model; name the embedded one, tiny, or a checkpoint file or folder")
    }
    return try Checkpoint.open(name)
  }

  /// What the checkpoint holds, from its headers; its tensors fit the model.
  ///
  /// - Throws: what ``open()``, `ModelSummary` and its `checkShapes()` throw.
  public func summary() throws -> ModelSummary {
    let configuration = try readConfiguration()?.value
    return try naming(name) {
      let summary = try ModelSummary(open(), configuration: configuration)
      try summary.checkShapes()
      return summary
    }
  }

  /// The configuration given with the reference, or the embedded model's own.
  func readConfiguration() throws -> (value: JSONValue, digest: String)? {
    if let configuration {
      guard let bytes = FileManager.default.contents(atPath: configuration) else {
        throw CodecError(configuration, "cannot read this configuration")
      }
      return try bytes.withUnsafeBytes { bytes in
        (try StrictJSON.parse(bytes, file: configuration), Digest.sha256(bytes))
      }
    }
    guard isEmbedded else { return nil }
    let bytes = Self.embeddedConfiguration
    return (try StrictJSON.parse(bytes, file: "tiny.json"), Digest.sha256(bytes))
  }

  func digest(of checkpoint: Checkpoint) throws -> String {
    isEmbedded
      ? Digest.sha256(Self.embeddedWeights) : try Digest.sha256(files: checkpoint.paths)
  }

  // Constant arrays in the program's image: they are never freed.

  private static var embeddedWeights: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: vaecodec_tiny_weights_start(), count: vaecodec_tiny_weights_size)
  }

  private static var embeddedConfiguration: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: vaecodec_tiny_configuration_start(), count: vaecodec_tiny_configuration_size)
  }
}

/// Loads each model once, at its first use.
///
/// Not thread-safe: one thread at a time.
public final class ModelCache {
  public let compute: ComputeOptions
  private var loaded: [ModelReference: LoadedModel] = [:]

  public init(_ compute: ComputeOptions = ComputeOptions()) {
    self.compute = compute
  }

  /// The model that `reference` names.
  public func model(_ reference: ModelReference) throws -> LoadedModel {
    if let model = loaded[reference] { return model }
    let model = try LoadedModel(reference, on: compute)
    loaded[reference] = model
    return model
  }
}
