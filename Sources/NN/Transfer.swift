internal import CKernels
import Tensor

extension ComputeContext {
  /// Copies a clip `[C, T, H, W]` into channels-last storage.
  public func upload(_ x: Tensor) throws -> Activation {
    precondition(x.shape.count == 4, "a clip has the axes C, T, H, W, not \(x.shape)")
    let extent = Extent(frames: x.shape[1], height: x.shape[2], width: x.shape[3])
    let output = try blank(extent, channels: x.shape[0])
    let (positions, channels) = (extent.positions, x.shape[0])
    try perform("upload", output: output) {
      let to = output.block.pointer
      x.withValues { values in
        guard let from = values.baseAddress else { return }
        forPositionBlocks(of: extent) { start, count in
          plain_from_planes(
            from + start, positions, count, channels, output.storage.kernelType,
            to + start * channels * output.storage.bytes)
        }
      }
    }
    return output
  }

  /// Copies an activation out as a clip `[C, T, H, W]`.
  public func download(_ a: Activation) throws -> Tensor {
    precondition(!isPlanning, "a planned run has no data")
    let (positions, channels) = (a.extent.positions, a.channels)
    let shape = [channels, a.extent.frames, a.extent.height, a.extent.width]
    return Tensor(shape) { values in
      guard let to = values.baseAddress else { return }
      let from = UnsafeRawPointer(a.block.pointer)
      forPositionBlocks(of: a.extent) { start, count in
        plain_to_planes(
          from + start * channels * a.storage.bytes, a.storage.kernelType, count, channels,
          to + start, positions)
      }
    }
  }
}
