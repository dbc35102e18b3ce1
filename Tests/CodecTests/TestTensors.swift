import Checkpoint
import Foundation
import Tensor

@testable import Codec

/// Writes tensors as a safetensors file.
func writeSafetensors(
  _ path: String, _ tensors: [(name: String, tensor: Tensor)], dtype: DType = .f32,
  metadata: [String: String] = [:]
) throws {
  let file = try File(creating: path, named: path)
  var writer = try SafetensorsWriter(
    descriptor: file.descriptor, path: path,
    items: tensors.map {
      SafetensorsWriter.Item(name: $0.name, dtype: dtype, shape: $0.tensor.shape)
    },
    metadata: metadata)
  for (name, tensor) in tensors { try writer.write(tensor, to: name) }
  try writer.finish()
}

/// The tensor `name` of a safetensors file.
func readTensor(_ path: String, _ name: String) throws -> Tensor {
  let file = try SafetensorsFile(path: path)
  guard let entry = file[name] else { throw CodecError(path, "no tensor \(name)") }
  return try entry.float32()
}

/// A smooth clip `[3, frames, height, width]` in [-1, 1].
func testVideo(frames: Int, height: Int = 32, width: Int = 32) -> Tensor {
  Tensor([3, frames, height, width]) { target in
    for index in target.indices {
      let (x, y) = (index % width, index / width % height)
      let (t, c) = (index / width / height % frames, index / width / height / frames)
      target[index] = Float(sin(Double(x + 2 * t) / 5 + Double(c)) * cos(Double(y) / 7)) * 0.8
    }
  }
}

/// The largest difference between two tensors.
func difference(_ a: Tensor, _ b: Tensor) -> Float {
  guard a.shape == b.shape else { return .infinity }
  return zip(a.values, b.values).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
