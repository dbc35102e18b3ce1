import Foundation
import Models
import Tensor

/// Takes a clip's latents as they come and writes them as one file at the end.
final class LatentSink {
  private let options: EncodeOptions
  private let scaling: LatentScaling
  private let family: Family
  private let session: Session
  private let output: String
  /// The values of the posterior that was chosen, or the mean of its moments.
  private let values: TensorSpool
  private let logvar: TensorSpool?

  init(
    _ options: EncodeOptions, model: LoadedModel, clip: (width: Int, height: Int),
    beside output: String, session: Session
  ) throws {
    self.options = options
    self.session = session
    self.output = output
    scaling = model.autoencoder.scaling
    family = model.autoencoder.family
    let geometry = model.autoencoder.geometry
    func spool() throws -> TensorSpool {
      try TensorSpool(
        beside: output, channels: geometry.latentChannels,
        height: geometry.paddedSide(for: clip.height) / geometry.space,
        width: geometry.paddedSide(for: clip.width) / geometry.space, dtype: options.dtype,
        in: session.temporaries)
    }
    values = try spool()
    logvar = options.posterior == .moments ? try spool() : nil
  }

  /// `[C, T, H, W]`.
  var shape: [Int] { values.shape }

  func append(_ posterior: Posterior) throws {
    if let logvar {
      try values.append(posterior.mean, named: "mean")
      if let values = posterior.logvar { try logvar.append(values, named: "logvar") }
    } else {
      let latents = posterior.values(options.posterior)
      try values.append(
        options.format.isScaled ? scaling.toDiffusion(latents) : latents, named: "latents")
    }
  }

  /// Writes the file.
  ///
  /// - Returns: its size.
  func finish(_ info: LatentInfo, path: String) throws -> Int {
    let file = try AtomicFile(
      path, replacing: options.existing == .overwrite, in: session.temporaries)
    switch options.format {
    case .vaecodec:
      let tensors: [(String, [Int], TensorSpool?)] =
        logvar.map { [("mean", shape, values), ("logvar", shape, $0)] }
        ?? [("latents", shape, values)]
      try write(tensors, metadata: info.metadata, to: file)
    case .musubi:
      let name = "latents_\(shape[1])x\(shape[2])x\(shape[3])_\(options.dtype.torchName)"
      let metadata = [
        "architecture": "hunyuan_video", "format_version": "1.0.1", "width": "\(info.width)",
        "height": "\(info.height)", "frame_count": "\(info.frames)",
      ]
      try write([(name, shape, values)], metadata: metadata, to: file)
    case .comfyUI:
      // An image model's frames are a batch of pictures there, without a time axis.
      let isBatch = family == .autoencoder2D
      let batch = isBatch ? [shape[1], shape[0], shape[2], shape[3]] : [1] + shape
      try write(
        [("latent_tensor", batch, values), ("latent_format_version_0", [0], nil)], metadata: [:],
        framesFirst: isBatch, to: file)
    case .openSora:
      try TensorOutput.writeTorch(values, to: file, check: session.cancellation.check)
    }
    try file.commit()
    return try File(reading: path).size()
  }

  private func write(
    _ tensors: [(String, [Int], TensorSpool?)], metadata: [String: String],
    framesFirst: Bool = false, to file: AtomicFile
  ) throws {
    try TensorOutput.writeSafetensors(
      tensors, metadata: metadata, framesFirst: framesFirst, to: file,
      check: session.cancellation.check)
  }
}

extension Posterior {
  /// The latents of a choice, unscaled; moments stand for their mean.
  func values(_ choice: PosteriorChoice) -> Tensor {
    if case .sample(let seed) = choice { sample(seed: seed) } else { mode() }
  }
}

extension DType {
  /// PyTorch's name for the type.
  fileprivate var torchName: String {
    switch self {
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: "float32"
    }
  }
}
