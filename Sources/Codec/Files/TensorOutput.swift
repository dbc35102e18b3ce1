import Checkpoint
import Tensor

/// Writes spooled tensors as the file that others read.
enum TensorOutput {
  /// A safetensors file.
  ///
  /// - Parameters:
  ///   - tensors: name, shape as the file shall show it, and the values; nil values for a tensor
  ///     without elements.
  ///   - framesFirst: the order is `[T, C, H, W]`.
  ///   - check: called after each piece; throws to stop.
  static func writeSafetensors(
    _ tensors: [(name: String, shape: [Int], values: TensorSpool?)], metadata: [String: String],
    framesFirst: Bool = false, to output: AtomicFile, check: () throws -> Void = {}
  ) throws {
    var writer = try SafetensorsWriter(
      descriptor: output.file.descriptor, path: output.path,
      items: tensors.map {
        SafetensorsWriter.Item(name: $0.name, dtype: $0.values?.dtype ?? .f32, shape: $0.shape)
      },
      metadata: metadata)
    for tensor in tensors {
      try tensor.values?.forEachRun(framesFirst: framesFirst) { bytes, first in
        try writer.write(bytes, to: tensor.name, from: first)
        try check()
      }
    }
    try writer.finish()
  }

  /// A PyTorch archive of one bare tensor.
  static func writeTorch(
    _ tensor: TensorSpool, to output: AtomicFile, check: () throws -> Void = {}
  ) throws {
    var writer = try TorchTensorWriter(
      descriptor: output.file.descriptor, path: output.path, dtype: tensor.dtype,
      shape: tensor.shape)
    try tensor.forEachRun { bytes, first in
      let values = Tensor([bytes.count / tensor.dtype.size], tensor.dtype, bytes: bytes)
      try values.withValues { try writer.write($0, from: first) }
      try check()
    }
    try writer.finish()
  }
}
