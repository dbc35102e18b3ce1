import Codec
import Foundation
import NN
import Tensor

/// A model that several instances use, one at a time.
///
/// `@unchecked`: the model is touched only while `lock` is held.
final class SharedModel: @unchecked Sendable {
  private let lock = NSLock()
  private let model: LoadedModel
  private var reconstructions: [[Int]: Reconstruction] = [:]

  init(_ model: LoadedModel) { self.model = model }

  /// Makes sure that clips of this shape, `[3, T, H, W]`, can be taken to latents and back.
  func prepare(_ shape: [Int]) throws {
    try lock.withLock { _ = try reconstruction(shape) }
  }

  /// Takes `[3, T, H, W]` in [-1, 1] to latents and back.
  func reconstruct(_ clip: Tensor) throws -> Tensor {
    try lock.withLock { try reconstruction(clip.shape)(clip) }
  }

  private func reconstruction(_ shape: [Int]) throws -> Reconstruction {
    if let made = reconstructions[shape] { return made }
    let made = try Reconstruction(model, width: shape[3], height: shape[2], frames: shape[1])
    reconstructions[shape] = made
    return made
  }
}

/// Models by what they run on; each is loaded once, however many instances use it.
///
/// `@unchecked`: all state is touched only while `lock` is held.
final class ModelPool: @unchecked Sendable {
  static let shared = ModelPool()

  private struct Key: Hashable {
    var model: String
    var compute: ComputeOptions
  }

  private let lock = NSLock()
  private var models: [Key: SharedModel] = [:]
  private var users = 0

  /// The model that the variable VAECODEC_MODEL names, else the embedded one.
  func model(on compute: ComputeOptions) throws -> SharedModel {
    let name = ProcessInfo.processInfo.environment["VAECODEC_MODEL"] ?? ""
    let key = Key(model: name.isEmpty ? ModelReference.tiny.name : name, compute: compute)
    return try lock.withLock {
      if let model = models[key] { return model }
      let model = SharedModel(try LoadedModel(ModelReference(key.model), on: compute))
      models[key] = model
      return model
    }
  }

  /// A host has begun to use the library.
  func enter() { lock.withLock { users += 1 } }

  /// A host is done; after the last one the models are given back.
  func leave() {
    lock.withLock {
      users = max(0, users - 1)
      if users == 0 { models.removeAll() }
    }
  }
}
