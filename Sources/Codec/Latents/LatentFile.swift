public import Checkpoint
import Foundation
import Models
import Tensor

/// A file of latents: our own, or one that another tool wrote. Values are read in stretches, so that
/// memory stays the same for any length.
public struct LatentFile: Sendable {
  public let path: String
  /// What the file says about itself; nil for files of other tools.
  public let info: LatentInfo?
  /// The tool that wrote it; nil where nothing shows.
  public let format: LatentFormat?
  /// The tensor that holds the latents, or the mean of a file of moments.
  public let tensor: TensorEntry
  /// Frames per second, frames, width and height where another tool's file tells them.
  let hints: Hints
  /// What values of an old ComfyUI file are multiplied with; 1 for all others.
  let multiplier: Float

  struct Hints: Hashable, Sendable {
    var frames: Int?
    var width: Int?
    var height: Int?
  }

  /// Opens a safetensors file or a PyTorch archive and finds the latents in it.
  ///
  /// - Parameter name: the tensor to take; nil finds `latents`, `latent`, `latent_tensor`,
  ///   `encoded_video`, `samples`, `latents_FxHxW_dtype`, or the only one of 4 or 5 dimensions.
  /// - Throws: ``CodecError`` where there is none or more than one; `CheckpointError` for a file
  ///   that is damaged.
  public init(_ path: String, tensor name: String? = nil) throws {
    self.path = path
    let isArchive = ["pt", "pth", "bin"].contains(path.fileExtension)
    let entries: [TensorEntry]
    let metadata: [String: String]
    if isArchive {
      (entries, metadata) = (try TorchArchive(path: path).entries, [:])
    } else {
      let file = try SafetensorsFile(path: path)
      (entries, metadata) = (file.entries, file.metadata)
    }
    info = try LatentInfo(metadata, path: path)
    if let info {
      let expected = name ?? (info.posterior == .moments ? "mean" : "latents")
      tensor = try Self.find(expected, in: entries, path: path)
      (format, hints, multiplier) = (.vaecodec, Hints(), 1)
    } else {
      tensor = try Self.findForeign(name, in: entries, path: path)
      (format, hints, multiplier) = Self.recognize(
        tensor, entries: entries, metadata: metadata, isArchive: isArchive)
    }
    guard tensor.dtype.isFloatingPoint, tensor.shape.count == 4 || tensor.shape.count == 5 else {
      throw CodecError(
        path,
        "tensor \(tensor.name.quoted) is \(tensor.dtype.rawValue) \(tensor.shape); latents are "
          + "floating-point numbers [C,T,H,W] or [1,C,T,H,W]")
    }
    guard tensor.count > 0 else { throw CodecError(path, "tensor \(tensor.name.quoted) is empty") }
  }

  /// Whether the tensor is `[T, C, H, W]`: ComfyUI keeps an image model's pictures as a batch.
  private var isFramesFirst: Bool { format == .comfyUI && tensor.shape.count == 4 }

  /// The shape as `[C, T, H, W]` for a model of `geometry`: a batch of one is squeezed, and
  /// `[1, C, H, W]` is taken as one frame. An image model's frames may be a batch.
  func shape(for geometry: CompressionGeometry) throws -> [Int] {
    let channels = geometry.latentChannels
    var shape = tensor.shape
    if shape.count == 5, shape[0] == 1 { shape.removeFirst() }
    let isPicture = shape.count == 4 && shape[0] == 1 && shape[1] == channels && channels != 1
    if isFramesFirst || isPicture { shape = [shape[1], shape[0], shape[2], shape[3]] }
    let isClip = !isFramesFirst || geometry.time == .none || shape[1] == 1
    guard isClip, shape.count == 4, shape[0] == channels else {
      throw CodecError(
        path,
        "tensor \(tensor.name.quoted) is \(tensor.shape); this model's latents are [\(channels),T,H,W], "
          + "one clip at a time")
    }
    return shape
  }

  /// Latent frames `range` of a tensor of `shape` `[C, T, H, W]`, as float32.
  ///
  /// - Throws: ``CodecError`` at the first value that is no finite number.
  func values(_ range: Range<Int>, shape: [Int]) throws -> Tensor {
    let plane = shape[2] * shape[3]
    let size = tensor.dtype.size
    defer { tensor.releasePages() }
    let result = try tensor.withBytes { bytes in
      try Tensor([shape[0], range.count, shape[2], shape[3]]) { target in
        for channel in 0..<shape[0] {
          for frame in range {
            let first =
              plane * (isFramesFirst ? frame * shape[0] + channel : channel * shape[1] + frame)
            let part = UnsafeRawBufferPointer(
              rebasing: bytes[first * size..<(first + plane) * size])
            if let bad = tensor.dtype.firstNonFinite(in: part) {
              throw CodecError(
                path,
                "tensor \(tensor.name.quoted) is NaN or infinite at "
                  + "[\(channel), \(frame), \(bad / shape[3]), \(bad % shape[3])] of [C,T,H,W]")
            }
            let to = (channel * range.count + frame - range.lowerBound) * plane
            tensor.dtype.decode(
              part, into: UnsafeMutableBufferPointer(rebasing: target[to..<to + plane]))
          }
        }
      }
    }
    return multiplier == 1 ? result : result.scaled(by: multiplier)
  }

  private static func find(
    _ name: String, in entries: [TensorEntry], path: String
  ) throws -> TensorEntry {
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw CodecError(path, "holds no tensor '\(name)'; it holds \(list(entries))")
    }
    return entry
  }

  private static func list(_ entries: [TensorEntry]) -> String {
    if entries.isEmpty { return "none" }
    let names = entries.prefix(6).map { "\($0.name.quoted) \($0.shape)" }.joined(separator: ", ")
    return entries.count > 6 ? "\(names) and \(entries.count - 6) more" : names
  }
}

extension LatentFile {
  private static let knownNames = [
    "latents", "latent", "latent_tensor", "encoded_video", "samples",
  ]

  private static func findForeign(
    _ name: String?, in entries: [TensorEntry], path: String
  ) throws -> TensorEntry {
    if let name { return try find(name, in: entries, path: path) }
    let candidates = entries.filter {
      ($0.shape.count == 4 || $0.shape.count == 5) && $0.dtype.isFloatingPoint
    }
    for known in knownNames {
      if let entry = candidates.first(where: { $0.name == known }) { return entry }
    }
    let named = candidates.filter { isMusubi($0.name) }
    let chosen = named.isEmpty ? candidates : named
    guard let first = chosen.first else {
      throw CodecError(
        path, "holds no latents: no tensor of 4 or 5 dimensions among \(list(entries))")
    }
    guard chosen.count == 1 else {
      throw CodecError(path, "holds several tensors; --tensor chooses one of \(list(chosen))")
    }
    return first
  }

  /// `latents_FxHxW_dtype`.
  private static func isMusubi(_ name: String) -> Bool {
    name.wholeMatch(of: /latents_[0-9]+x[0-9]+x[0-9]+_[a-z0-9]+/) != nil
  }

  private static func recognize(
    _ tensor: TensorEntry, entries: [TensorEntry], metadata: [String: String], isArchive: Bool
  ) -> (LatentFormat?, Hints, Float) {
    if isArchive { return (tensor.name.isEmpty ? .openSora : nil, Hints(), 1) }
    if isMusubi(tensor.name) {
      let hints = Hints(
        frames: metadata["frame_count"].flatMap { Int($0) },
        width: metadata["width"].flatMap { Int($0) }, height: metadata["height"].flatMap { Int($0) }
      )
      return (.musubi, hints, 1)
    }
    if tensor.name == "latent_tensor" {
      // Before it marked its files, ComfyUI stored latents times Stable Diffusion's factor.
      let isMarked = entries.contains { $0.name == "latent_format_version_0" }
      return (.comfyUI, Hints(), isMarked ? 1 : 1 / 0.18215)
    }
    return (nil, Hints(), 1)
  }
}

extension Tensor {
  fileprivate func scaled(by factor: Float) -> Tensor {
    var result = self
    result.withMutableValues { values in
      for i in values.indices { values[i] *= factor }
    }
    return result
  }
}
